/* Rings and crosses on the picture: which of the true spikes are found, which are missed, what is invented. */
"use strict";

explorer.marks = (() => {
  const KINDS = ["found", "missed", "invented"];
  const REACH = 2; // σ: a ring goes around a spike, not over it

  /** { found, missed, invented } of what is on show, or null where no truth is known. */
  function judged({ scene, set, state }) {
    if (!scene.truth || state.mode === "walk") return null;
    const on = scene.blocks.filter((block) => block.on).map(({ atom }) => atom);
    return explorer.truth.judge(on, scene.truth, { size: explorer.SIZE, ...set });
  }

  function paint(app) {
    const { state, pad } = app, shown = state.truth && state.step < 0 ? judged(app) : null;
    app.part("trail").innerHTML = state.mode === "draw" ? pad.trail.map(dot).join("") : "";
    app.part("marks").innerHTML = shown ? KINDS.map((kind) =>
      shown[kind].map((place) => sign(kind, place, app.set.sigma, shown)).join("")).join("") : "";
    app.part("legend").hidden = !shown;
    const key = (kind) => `<svg viewBox="-8 -8 16 16" aria-hidden="true">${sign(kind, [-0.5, -0.5], 2.8)}</svg>`;
    if (shown) app.part("legend").innerHTML = KINDS.map((kind) =>
      `<span>${key(kind)} ${shown[kind].length} ${kind}</span>`).join("");
  }

  const dot = ({ row, column, colour }) => `<circle cx="${column + 0.5}" cy="${row + 0.5}" r="1.3" fill="${colour}"/>`;

  /** A ring around a spike; a cross where nothing is, beside the spike that is drawn twice. */
  function sign(kind, [row, column], sigma, shown = null) {
    const x = column + 0.5, y = row + 0.5;
    if (kind !== "invented") return `<circle class="explorer-${kind}" cx="${x}" cy="${y}" r="${REACH * sigma}"/>`;
    const near = ([r, q]) => Math.hypot(r - row, q - column) < 3 * sigma;
    const over = shown && [...shown.found, ...shown.missed].some(near);
    const by = over ? 2 * sigma : 0, arm = 0.9 * sigma, two = 2 * arm;
    const cross = `M${x + by - arm} ${y - by - arm}l${two} ${two}m0 ${-two}l${-two} ${two}`;
    return `<path class="explorer-invented" d="${cross}"/>`;
  }

  return { judged, paint };
})();
