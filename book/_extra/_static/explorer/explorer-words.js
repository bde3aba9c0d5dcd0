/* What the page says of what is on show. */
"use strict";

explorer.words = (() => {
  const KINDS = { // the buttons, and the line under them
    reference: ["Authors’", "The authors’ own network: all {k} blocks in one shot; the decoder g draws each of them."],
    plain: ["One-shot", "All {k} blocks in one shot, as in the paper; the decoder g draws each of them."],
    slots: ["Slots", "{k} slots compete for the picture; the decoder g draws each of them."],
    pursuit: ["Pursuit", "One block after another, where most is left; it is told that atoms are local."],
    conventional: ["Conventional", "Not atomic: one block of {n} coordinates, and one decoder that draws all at once."],
  };
  const thing = ({ data }) => (data === "spikes" ? "spike" : "stroke");
  const percent = (share) => (share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(100 * share)} %`);
  const plural = (n, word) => `${n === 1 ? "one" : n} ${word}${n === 1 ? "" : "s"}`;
  const signed = (value) => value.toFixed(2).replace("-", "−");
  const capital = (text) => text[0].toUpperCase() + text.slice(1);
  const name = (kind) => KINDS[kind][0];
  const about = (kind, net) => KINDS[kind][1].replace("{k}", net.k).replace("{n}", net.d0);

  /** What is being seen, in plain words. state: what was chosen; scene: the blocks on show, of the network `net`. */
  function describe(state, scene, net, pad) {
    const { step, mode, view, pointed, selected } = state, { blocks } = scene;
    if (step >= 0) return ofStep(step, scene.steps.length, net.again);
    if (mode === "draw" && !scene.steps)
      return `Nothing to decompose yet: ${pad.dropping ? "drop some spikes" : "draw something"}.`;
    if (!blocks.length) return "The network finds nothing to draw here.";
    if (blocks[pointed]) return ofBlock(pointed, state, scene);
    if (view !== "sum" && mode !== "walk") return ofView(view);
    if (mode === "walk") return ofWalk(state, blocks);
    const on = blocks.filter((block) => block.on).length;
    if (on < blocks.length) return `The picture is the sum of ${on} of its ${plural(blocks.length, "block")}.`;
    return mode === "look" && blocks[selected] ? ofBlock(selected, state, scene) : ofAll(state, scene, net, pad);
  }

  const ofStep = (step, steps, again) =>
    `Step ${step + 1} of ${steps}: this is left. The encoder looks where most is, inside the square, and `
    + `block ${step + 1} is to draw what it sees there.`
    + (again && step === steps - 1 ? " Then all blocks are corrected at once, by what is left, and one that the others can do without goes." : "");

  const ofView = (view) => ({
    image: "The picture that was decomposed, as it is.",
    left: "What the sum leaves over: dark is still to be drawn, vermilion is drawn too much.",
    moved: "What moving a slider has changed, as dark as can be: dark is new, vermilion is gone.",
  })[view];

  const ofWalk = (state, blocks) =>
    `${percent(state.t)} of the way from image ${state.from + 1} to image ${state.to + 1}: `
    + `${plural(blocks.length, "block")} drawn at this point of latent space.`;

  function ofBlock(i, state, scene) {
    const { blocks } = scene, left = percent(scene.error?.() ?? 0);
    if (blocks.length === 1 && scene.net.k === 1)
      return `One block draws all of it; ${left} of the energy is left over. Move a coordinate, and see what moves.`;
    const named = `Block ${i + 1} of ${blocks.length}`;
    if (!blocks[i].on) return `${named} is switched off.`;
    const { height } = scene.peak(i), held = percent(scene.shares()[i]);
    const says = `${named} draws this ${thing(state)}: ${held} of the picture’s energy`;
    return state.data === "spikes" ? `${says}, ${height.toFixed(2)} high.` : `${says}. Move its sliders, or drag it.`;
  }

  function ofAll(state, scene, net, pad) {
    const active = scene.shares().filter((share) => share >= explorer.ACTIVE).length, left = percent(scene.error());
    const drawn = `${plural(active, "block")} ${active === 1 ? "draws" : "draw"} this picture`;
    const said = [capital(`${drawn}; ${left} of its energy is left over.`)];
    if (state.mode === "draw" && pad.dropping) said.push(...warnings(pad));
    else if (scene.error() > 0.3) said.push("It is unlike what the network was trained on.");
    if (said.length === 1) said.push(state.mode === "draw" && pad.dropping ? "Drag a spike, and see who draws it."
      : `Point at a ${thing(state)}, or tap it, to see which block draws it.`);
    return said.join(" ");
  }

  /** How the spikes that were dropped differ from those of the training. */
  function warnings(pad) {
    const { spikes, set, noise } = pad, said = [], least = pad.closest(), px = (v) => v.toFixed(1);
    if (spikes.length > set.most)
      said.push(`These are ${spikes.length} spikes; the network was trained on ${set.most} at most.`);
    if (least < set.separation)
      said.push(`Two of them are ${px(least)} px apart: in training never less than ${px(set.separation)} px.`);
    if (noise) said.push("The network has seen no noise in training.");
    return said;
  }

  /** Who draws the spike that is being carried, and who drew it before: block i, j. */
  function ofCarrying(holders, before, net) {
    if (net.pursues) return "A pursuit numbers its blocks as it goes: none of them has a territory.";
    if (!holders.length) return "No block draws this spike here: it is missed.";
    if (holders.length > 1) return `Blocks ${holders[0] + 1} and ${holders[1] + 1} share this spike.`;
    const took = before !== undefined && before !== holders[0] ? ` It took over from block ${before + 1}.` : "";
    return `Block ${holders[0] + 1} draws this spike.${took}`;
  }

  /** What moving coordinate j has done; spread: see Scene. */
  function ofTurn(j, value, spread, { data }, net) {
    const said = `Coordinate ${j + 1} is ${signed(value)}`, wide = `${Math.round(100 * spread)} %`;
    if (data === "spikes") return `${said}; the other blocks stay as they are.`;
    return `${said}: what changes spans ${wide} of the digit’s extent; `
      + (net.k === 1 ? "it is all one block." : "the other blocks stay as they are.");
  }

  return { thing, percent, plural, signed, name, about, describe, ofCarrying, ofTurn };
})();
