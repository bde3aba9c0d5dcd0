/* The address of the page keeps what is on show: explorer?data=spikes&net=plain&… after the “#”. */
"use strict";

explorer.link = (() => {
  const LONGEST = 6000; // characters: what browsers and mail programs carry
  const round = (value, digits) => String(Number(value.toFixed(digits)));

  /** What is on show, as text; null where it is more than an address holds, or the reader's own picture. */
  function write(app) {
    const { state, scene, pad } = app, images = app.images();
    if (state.mode !== "draw" && (images[state.from].own || (state.mode === "walk" && images[state.to].own))) return null;
    const { data, kind, mode, from, to, t, selected, view, tint, truth, nearest } = state;
    const words = new URLSearchParams({ data, net: kind, mode, from });
    const walk = { to, t: round(t, 2), nearest: Number(nearest) };
    if (mode === "walk") for (const [key, value] of Object.entries(walk)) words.set(key, value);
    if (mode !== "walk") words.set("block", selected);
    if (view !== "sum" && view !== "moved") words.set("view", view);
    if (!tint) words.set("tint", 0);
    if (!truth) words.set("truth", 0);
    if (mode === "draw") drawn(pad, words);
    if (mode !== "walk") {
      const off = scene.blocks.flatMap(({ on }, i) => (on ? [] : i)).join(".");
      const moved = scene.blocks.flatMap(({ z, original, copied }, i) =>
        (z === original && !copied ? [] : `${copied ? "+" : i}:${Array.from(z, (v) => round(v, 3))}`)).join(";");
      if (off) words.set("off", off);
      if (moved) words.set("moved", moved);
    }
    const text = words.toString().replace(/%2C/g, ",").replace(/%3B/g, ";").replace(/%3A/g, ":");
    return text.length > LONGEST ? null : `explorer?${text}`;
  }

  function drawn({ dropping, spikes, strokes, noise }, words) {
    const rows = (list, digits) => list.map((row) => row.map((v) => round(v, digits)).join(",")).join(";");
    if (dropping && spikes.length) words.set("spikes", rows(spikes, 2));
    if (dropping && noise) words.set("noise", round(noise, 2));
    if (!dropping && strokes.length) words.set("pen", strokes.map((stroke) => rows(thinned(stroke), 0)).join("/"));
  }

  /** A stroke by every other of its points that lie close. */
  function thinned(stroke) {
    const kept = [stroke[0]];
    for (const point of stroke) {
      const [row, column] = kept.at(-1);
      if (Math.hypot(point[0] - row, point[1] - column) >= 3) kept.push(point);
    }
    return kept;
  }

  /** What an address says, or null where it says nothing; what is no number there is left out. */
  function read(hash) {
    if (!hash.startsWith("#explorer?")) return null;
    const words = new URLSearchParams(hash.slice(10));
    const number = (key, or) => (words.has(key) && Number.isFinite(+words.get(key)) ? +words.get(key) : or);
    const list = (text, count) => (text ?? "").split(";").map((row) => row.split(",").map(Number))
      .filter((row) => row.length === count && row.every(Number.isFinite));
    return {
      data: words.get("data"), kind: words.get("net"), mode: words.get("mode"), view: words.get("view"),
      from: number("from", 0), to: number("to", 1), t: number("t", 0), block: number("block", null),
      noise: number("noise", 0),
      tint: number("tint", 1) !== 0, truth: number("truth", 1) !== 0, nearest: number("nearest", 1) !== 0,
      off: (words.get("off") ?? "").split(".").filter(Boolean).map(Number),
      moved: (words.get("moved") ?? "").split(";").filter(Boolean).map((row) => {
        const [i, z] = row.split(":");
        return { i: i.trim() === "+" || i.trim() === "" ? -1 : Number(i), z: (z ?? "").split(",").map(Number) };
      }).filter(({ z }) => z.every(Number.isFinite)),
      spikes: list(words.get("spikes"), 3),
      strokes: (words.get("pen") ?? "").split("/").map((stroke) => list(stroke, 2)).filter((stroke) => stroke.length),
    };
  }

  return { write, read };
})();
