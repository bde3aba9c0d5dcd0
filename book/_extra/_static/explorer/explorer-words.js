/* What the line under the picture says. */
"use strict";

explorer.words = (() => {
  const thing = (state) => (state.model === "spikes" ? "spike" : "stroke");
  const percent = (share) => (share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(100 * share)} %`);
  const plural = (n, word) => `${n === 1 ? "one" : n} ${word}${n === 1 ? "" : "s"}`;
  const signed = (value) => value.toFixed(2).replace("-", "−");

  /** What is being seen, in plain words. state: what was chosen; scene: the blocks on show, of the network `net`. */
  function describe(state, scene, net) {
    const { step, mode, pointed, selected } = state, { blocks } = scene;
    if (step >= 0) return ofStep(step, scene.steps.length, net.again);
    if (mode === "draw" && !scene.steps)
      return `Nothing to decompose yet: ${net.images.spikes ? "drop some spikes" : "draw something"}.`;
    if (!blocks.length) return "The network finds nothing to draw here.";
    const i = pointed >= 0 ? pointed : selected;
    if (blocks[i]) return ofBlock(i, state, scene);
    if (mode === "walk")
      return `${percent(state.t)} of the way from image ${state.from + 1} to image ${state.to + 1}: `
        + `${plural(blocks.length, "block")} drawn at this point of latent space.`;
    const on = blocks.filter((block) => block.on).length;
    if (on < blocks.length) return `The picture is the sum of ${on} of its ${plural(blocks.length, "block")}.`;
    return ofAll(state, scene);
  }

  const ofStep = (step, steps, again) =>
    `Step ${step + 1} of ${steps}: the encoder looks where most is left, inside the square, and block ${step + 1} is `
    + "to draw what it sees there."
    + (again && step === steps - 1 ? " Then all blocks are corrected at once, by what is left." : "");

  function ofBlock(i, state, scene) {
    const named = `Block ${i + 1} of ${scene.blocks.length}`;
    if (!scene.blocks[i].on) return `${named} is switched off.`;
    const { height, row, column } = scene.peak(i), held = percent(scene.shares()[i]);
    const says = `${named} draws this ${thing(state)}; it holds ${held} of the picture's energy.`;
    if (state.model !== "spikes") return says;
    return `${says} It is ${height.toFixed(2)} high, at row ${Math.round(row)}, column ${Math.round(column)}.`;
  }

  function ofAll(state, scene) {
    const count = scene.blocks.length, left = percent(scene.error());
    const drawn = `${plural(count, "block")} ${count === 1 ? "draws" : "draw"} this picture`;
    if (scene.error() > 0.3)
      return capital(`${drawn}, and ${left} of its energy is left over: it is unlike what the network was trained on.`);
    const hint = `Point at a ${thing(state)}, or tap it, to see which block draws it.`;
    return capital(`${drawn}, each by the same small network; ${left} of its energy is left over. ${hint}`);
  }

  const capital = (text) => text[0].toUpperCase() + text.slice(1);

  return { thing, percent, plural, signed, describe };
})();
