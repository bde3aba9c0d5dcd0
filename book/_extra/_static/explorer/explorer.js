/* The page: what the reader sees and does. The arithmetic is in the other files.
 *
 * `explorer.state()` tells a test, or the curious in a console, what is on show; it changes nothing. */
"use strict";

(() => {
  const MARKUP = `
<div class="explorer-bar">
  <fieldset class="explorer-choice"><legend>Network</legend>
    <label><input type="radio" name="explorer-model" value="digits" checked><span>Digits</span></label>
    <label><input type="radio" name="explorer-model" value="spikes"><span>Spikes</span></label>
  </fieldset>
  <fieldset class="explorer-choice"><legend>What to do</legend>
    <label><input type="radio" name="explorer-mode" value="look" checked><span>Take apart</span></label>
    <label><input type="radio" name="explorer-mode" value="walk"><span>Walk between two</span></label>
    <label><input type="radio" name="explorer-mode" value="draw"><span>Draw your own</span></label>
  </fieldset>
</div>
<div class="explorer-strip" role="group" data-part="from"></div>
<div class="explorer-strip" role="group" data-part="to" hidden></div>
<div class="explorer-stage" data-part="stage">
  <div class="explorer-own" data-part="own" hidden>
    <div class="explorer-pad" data-part="pad" tabindex="0" role="application" aria-label="Drawing pad. Arrow keys move the cursor, with Shift farther. Space puts the pen down and lifts it, or drops a spike.">
      <canvas width="128" height="128"></canvas>
      <svg viewBox="0 0 128 128" aria-hidden="true"><g class="explorer-cursor"><circle r="4"/><path d="M-7 0H7M0-7V7"/></g></svg>
    </div>
    <p class="explorer-hint" data-part="pad-hint"></p>
    <div class="explorer-row">
      <button type="button" data-do="undo">Undo</button>
      <button type="button" data-do="clear">Clear</button>
    </div>
    <label class="explorer-check" data-part="centre-label"><input type="checkbox" data-part="centre" checked> scale and centre it as the training digits are</label>
    <label class="explorer-slider" data-part="height-label"><span>height</span><input type="range" data-part="height" step="0.05"><output></output></label>
  </div>
  <div class="explorer-main">
    <div class="explorer-picture" data-part="picture" tabindex="0" role="application" aria-label="The picture. Arrow keys move what the selected block draws, with Shift farther; Escape lets go of it.">
      <canvas width="128" height="128" data-part="canvas"></canvas>
      <svg viewBox="0 0 128 128" aria-hidden="true"><path class="explorer-halo" data-part="halo"/><path data-part="outline"/><rect data-part="window" hidden/></svg>
    </div>
    <p class="explorer-status" role="status" aria-live="polite" data-part="status"></p>
    <div data-part="walk" hidden>
      <label class="explorer-slider"><span>walk</span><input type="range" min="0" max="1" step="0.01" data-part="t"><output></output></label>
      <label class="explorer-check">pair blocks <select data-part="nearest"><option value="1">with the nearest latents</option><option value="">in the order of their use</option></select></label>
      <p class="explorer-hint">Each pair of blocks goes in a straight line through latent space. A block without a partner is faded in or out: it has nowhere to come from.</p>
    </div>
    <div class="explorer-row">
      <label class="explorer-check" data-part="view-label">show <select data-part="view"><option value="sum">the sum of the atoms</option><option value="image">the picture it is of</option><option value="left">what the sum leaves over</option></select></label>
      <label class="explorer-check"><input type="checkbox" data-part="tint"> tint each atom</label>
    </div>
  </div>
  <div class="explorer-side">
    <div class="explorer-panel">
      <h3>Atoms</h3>
      <ol class="explorer-blocks" data-part="blocks"></ol>
      <div class="explorer-row">
        <button type="button" data-do="play">Play the pursuit</button>
        <button type="button" data-do="reset-image">Reset image</button>
      </div>
    </div>
    <div class="explorer-panel">
      <h3 data-part="chosen"></h3>
      <div data-part="sliders"></div>
      <div class="explorer-row">
        <button type="button" data-do="reset-block">Reset block</button>
        <button type="button" data-do="copy">Copy block</button>
        <button type="button" data-do="paste">Paste block</button>
      </div>
    </div>
  </div>
</div>
<p class="explorer-hint"><a href="#sec-explore-how">How this was made</a></p>`;
  const MOST_BLOCKS = 24; // on one image, with what was copied onto it
  const PACE = 450; // ms a step of the animation

  const root = document.getElementById("explorer");
  if (!root) return;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { picture, latents } = explorer;
  const nets = {}, scenes = new Map(); // scenes: what became of each image, by its key
  const state = {
    model: "digits", mode: "look", from: 0, to: 1, selected: -1, pointed: -1,
    tint: false, view: "sum", t: 0, nearest: true, step: -1, copied: null,
  };
  let net, scene, pad, matched, pursuit, drag, wanted;

  const thing = () => (state.model === "spikes" ? "spike" : "stroke");
  const percent = (share) => (share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(100 * share)} %`);
  const plural = (n, word) => `${n === 1 ? "one" : n} ${word}${n === 1 ? "" : "s"}`;
  const say = (text) => { if (part("status").textContent !== text) part("status").textContent = text; };

  // --- which scene is on show ----------------------------------------------------------------------------------------

  const decomposed = (i) => {
    const key = `${state.model} ${i}`;
    if (!scenes.has(key)) scenes.set(key, explorer.Scene.decompose(net, net.heldOut[i].image));
    return scenes.get(key);
  };

  /** Show what the state says: another network, mode or image. */
  function change() {
    stop();
    drag = null;
    state.selected = state.pointed = -1;
    if (state.mode === "walk") {
      const [a, b] = [state.from, state.to].map((i) => decomposed(i).steps.map(({ z }) => z));
      matched = latents.pairs(a, b, state.nearest ? net.range : null);
      walkTo(state.t);
    } else if (state.mode === "draw") scene = scenes.get(`${state.model} drawn`) ?? new explorer.Scene(net);
    else scene = decomposed(state.from);
    build();
  }

  /** The scene at `t` on the way from one image to the other. */
  function walkTo(t) {
    state.t = t;
    const [a, b] = [state.from, state.to].map((i) => decomposed(i).steps.map(({ z }) => z));
    scene = new explorer.Scene(net);
    for (const { z, weight } of latents.walk(a, b, matched, t)) scene.add(z, net.g(z).map((v) => weight * v));
  }

  /** Decompose the drawing, and show how. */
  function decompose(problem) {
    const key = `${state.model} drawn`;
    scenes.delete(key);
    if (!pad.empty) scenes.set(key, explorer.Scene.decompose(net, pad.image(part("centre").checked)));
    change();
    if (!pad.empty) play();
    if (problem === "full") say(`${net.k} spikes are all there may be: the network was trained on no more.`);
  }

  // --- building what depends on the scene ------------------------------------------------------------------------------

  function build() {
    const { mode, model } = state, walking = mode === "walk", drawing = mode === "draw";
    part("stage").className = `explorer-stage explorer-${mode}`;
    part("from").hidden = drawing;
    part("to").hidden = part("from").firstChild.hidden = !walking;
    part("own").hidden = !drawing;
    part("walk").hidden = !walking;
    part("view").disabled = walking || !scene.image;
    part("view-label").hidden = walking;
    part("centre-label").hidden = model === "spikes";
    part("height-label").hidden = model !== "spikes";
    part("pad-hint").textContent = model === "spikes" ? "Click to drop spikes." : "Draw a digit.";
    for (const strip of ["from", "to"])
      [...part(strip).querySelectorAll("button")].forEach((b, i) => b.setAttribute("aria-pressed", String(i === state[strip])));
    part("blocks").replaceChildren(...scene.blocks.map((_, i) => blockItem(i)));
    buildSliders();
    paint();
    describe();
  }

  function buildStrips() {
    for (const strip of ["from", "to"]) {
      const label = document.createElement("span");
      label.textContent = strip;
      label.className = "explorer-hint";
      part(strip).setAttribute("aria-label", strip === "from" ? "Held-out images" : "Held-out images to walk to");
      part(strip).replaceChildren(label, ...net.heldOut.map(({ image, name }, i) => {
        const button = element("button", { type: "button", title: name, ariaLabel: `Image ${i + 1}: ${name}` });
        const canvas = element("canvas", { width: net.size, height: net.size });
        picture.plain(canvas, image);
        button.append(canvas);
        button.addEventListener("click", () => {
          state[strip] = i;
          change();
        });
        return button;
      }));
    }
  }

  const element = (tag, properties) => Object.assign(document.createElement(tag), properties);

  function blockItem(i) {
    const item = element("li", {}), colour = picture.colour(i);
    item.style.setProperty("--block", colour);
    const button = element("button", { type: "button" });
    button.append(element("canvas", { width: net.size, height: net.size }));
    button.addEventListener("click", () => select(state.selected === i ? -1 : i));
    button.addEventListener("pointerenter", () => point(i));
    button.addEventListener("pointerleave", () => point(-1));
    const label = element("label", { className: "explorer-check" });
    const box = element("input", { type: "checkbox", ariaLabel: `Block ${i + 1} is switched on` });
    box.addEventListener("change", () => {
      stop();
      scene.blocks[i].on = box.checked;
      paint();
      const on = scene.blocks.filter((block) => block.on).length;
      say(`Block ${i + 1} is switched ${box.checked ? "on" : "off"}: the picture is the sum of ${on} of its ${plural(scene.blocks.length, "block")}.`);
    });
    label.append(element("span", { textContent: i + 1 }), scene.blocks[i].copied ? "copied" : "", box);
    box.hidden = state.mode === "walk";
    item.append(label, button);
    return item;
  }

  function buildSliders() {
    const block = scene.blocks[state.selected], walking = state.mode === "walk";
    part("chosen").textContent = block ? `Block ${state.selected + 1}, its ${net.d0} coordinates` : "No block is selected";
    for (const name of ["copy", "reset-block"]) root.querySelector(`[data-do="${name}"]`).disabled = !block || walking;
    if (!block) return part("sliders").replaceChildren(element("p", { className: "explorer-hint", textContent: `Click a ${thing()} or an atom.` }));
    part("sliders").replaceChildren(...net.range.map(([low, high], j) => {
      const label = element("label", { className: "explorer-slider" });
      const input = element("input", {
        type: "range", step: "any", disabled: walking, ariaLabel: `Coordinate ${j + 1} of block ${state.selected + 1}`,
      });
      input.min = Math.min(low, block.original[j]); // a block outside the usual range keeps its value
      input.max = Math.max(high, block.original[j]);
      input.addEventListener("input", () => turn(j, input.valueAsNumber));
      input.addEventListener("keydown", (event) => { // "any" leaves the size of a key's step to the browser: a 100th
        const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
        if (!way) return;
        event.preventDefault();
        input.valueAsNumber += (way * (input.max - input.min)) / 100;
        turn(j, input.valueAsNumber);
      });
      label.append(element("span", { innerHTML: `z<sub>${state.selected + 1},${j + 1}</sub>` }), input, element("output", {}));
      return label;
    }));
  }

  // --- painting what changes -------------------------------------------------------------------------------------------

  /** Paint the picture, and the atom that has changed: one, or by default all, or `-1` none. */
  function paint(only = null) {
    const { step, view, pointed, selected, tint } = state, canvas = part("canvas");
    if (step >= 0) picture.plain(canvas, step ? scene.steps[step - 1].residual : scene.image);
    else if (view !== "sum" && !part("view").disabled) picture.plain(canvas, view === "left" ? scene.residual() : scene.image);
    else if (pointed >= 0 && scene.blocks[pointed]?.on) picture.lit(canvas, scene, pointed);
    else if (tint) picture.tinted(canvas, scene);
    else picture.plain(canvas, scene.sum());
    paintOverlay();
    const shares = scene.shares();
    [...part("blocks").children].forEach((item, i) => {
      const { on, atom, z } = scene.blocks[i], shown = step < 0 || i < step;
      item.classList.toggle("explorer-off", !on && step < 0);
      item.classList.toggle("explorer-later", !shown);
      item.querySelector("input").checked = on;
      const button = item.querySelector("button");
      button.setAttribute("aria-pressed", String(i === selected));
      button.ariaLabel = `Block ${i + 1}: ${percent(shares[i])} of the picture's energy`;
      if (only !== null && i !== only) return;
      if (tint) picture.atomInColour(button.querySelector("canvas"), atom, i);
      else picture.plain(button.querySelector("canvas"), atom);
      if (i === selected) showCoordinates(z);
    });
    root.querySelector('[data-do="play"]').disabled = !scene.steps?.length;
    root.querySelector('[data-do="reset-image"]').disabled = !scene.steps;
    root.querySelector('[data-do="paste"]').disabled = state.copied?.model !== state.model || state.mode === "walk";
    part("t").valueAsNumber = state.t;
    part("t").nextElementSibling.value = percent(state.t);
    part("height").nextElementSibling.value = part("height").valueAsNumber.toFixed(2);
  }

  function paintOverlay() {
    const { step, pointed, selected } = state, i = step >= 0 ? -1 : pointed >= 0 ? pointed : selected;
    const line = i >= 0 && scene.blocks[i]?.on ? picture.outline(scene.blocks[i].atom, net.size) : "";
    part("halo").setAttribute("d", line);
    part("outline").setAttribute("d", line);
    part("outline").style.stroke = i >= 0 ? picture.colour(i) : "none";
    const looked = step >= 0 ? scene.steps[step] : null, box = part("window");
    box.toggleAttribute("hidden", !looked);
    if (!looked) return;
    const [row, column] = looked.centre, half = Math.floor(net.window / 2);
    for (const [name, value] of Object.entries({ x: column - half, y: row - half, width: net.window, height: net.window }))
      box.setAttribute(name, value);
  }

  function showCoordinates(z) {
    [...part("sliders").querySelectorAll("input")].forEach((input, j) => {
      input.valueAsNumber = z[j];
      input.nextElementSibling.value = z[j].toFixed(2).replace("-", "−");
    });
  }

  /** Say in plain words what is being seen. */
  function describe() {
    const { step, pointed, selected, mode } = state, { blocks } = scene, i = pointed >= 0 ? pointed : selected;
    if (step >= 0)
      return say(`Step ${step + 1} of ${scene.steps.length}: the encoder looks where most is left, inside the square, and block ${step + 1} is to draw what it sees there.`);
    if (mode === "draw" && pad.empty)
      return say(`Nothing to decompose yet: ${state.model === "spikes" ? "drop some spikes" : "draw something"}.`);
    if (!blocks.length) return say("The network finds nothing to draw here.");
    if (blocks[i] && !blocks[i].on) return say(`Block ${i + 1} of ${blocks.length} is switched off.`);
    if (blocks[i]) {
      const { height, row, column } = scene.peak(i);
      const where = state.model === "spikes" ? ` It is ${height.toFixed(2)} high, at row ${Math.round(row)}, column ${Math.round(column)}.` : "";
      return say(`Block ${i + 1} of ${blocks.length} draws this ${thing()}; it holds ${percent(scene.shares()[i])} of the picture's energy.${where}`);
    }
    if (mode === "walk") return say(`${percent(state.t)} of the way from image ${state.from + 1} to image ${state.to + 1}: ${plural(blocks.length, "block")} drawn at this point of latent space.`);
    const on = blocks.filter((block) => block.on).length;
    if (on < blocks.length) return say(`The picture is the sum of ${on} of its ${plural(blocks.length, "block")}.`);
    const left = scene.error(), draw = `${plural(blocks.length, "block")} ${blocks.length === 1 ? "draws" : "draw"} this picture, each by the same small network`;
    if (left > 0.3) return say(`${draw}, and ${percent(left)} of its energy is left over: it is unlike what the network was trained on.`);
    say(`${draw}; ${percent(left)} of its energy is left over. Point at a ${thing()}, or tap it, to see which block draws it.`);
  }

  // --- what the reader does --------------------------------------------------------------------------------------------

  function select(i) {
    stop();
    state.selected = i;
    state.pointed = -1;
    buildSliders();
    paint();
    describe();
  }

  function point(i) {
    if (state.pointed === i || state.step >= 0) return;
    state.pointed = i;
    paint(-1); // no atom has changed
    describe();
  }

  /** A slider was moved: coordinate j of the selected block. */
  function turn(j, value) {
    stop();
    const i = state.selected, z = scene.blocks[i].z.slice();
    z[j] = value;
    scene.blocks[i].on = true;
    scene.move(i, z);
    paint(i);
    say(`Coordinate ${j + 1} of block ${i + 1} is ${value.toFixed(2).replace("-", "−")}; the other blocks stay as they are.`);
  }

  /** Bring what block i drew as `atom` to where it is (rows, columns) px further, as well as g can. */
  function carry(i, atom, rows, columns, steps) {
    const { border = 0 } = net.images, { peak } = drag ?? { peak: scene.peak(i) };
    const limit = (by, from) => Math.max(border - from, Math.min(net.size - 1 - border - from, by));
    const target = latents.shift(atom, net.size, limit(rows, peak.row), limit(columns, peak.column));
    const fitted = latents.fit(net, target, scene.blocks[i].z, steps);
    scene.blocks[i].on = true;
    scene.move(i, fitted.z, fitted.atom);
    paint(i);
    const { row, column } = scene.peak(i), off = fitted.error / Math.max(explorer.energy(target), 1e-9);
    say(`Block ${i + 1} follows: its ${thing()} is at row ${Math.round(row)}, column ${Math.round(column)}, `
      + `${off < 0.1 ? "drawn as it was" : `though ${percent(Math.min(off, 1))} of it could not be drawn there`}.`);
  }

  const reach = (event) => (event.pointerType === "touch" ? 6 : 3);
  const placeOf = (event) => explorer.placeIn(part("canvas"), event, net.size);

  function grab(event) {
    if (event.button || drag) return;
    const start = placeOf(event), i = scene.at(...start, reach(event));
    select(i);
    if (i < 0 || state.mode === "walk") return;
    drag = { i, start, atom: scene.blocks[i].atom, peak: scene.peak(i), pointer: event.pointerId, moved: false };
    part("picture").setPointerCapture(event.pointerId);
  }

  function pull(event) {
    if (!drag) return event.pointerType === "touch" ? undefined : point(scene.at(...placeOf(event), reach(event)));
    if (event.pointerId !== drag.pointer) return;
    drag.by = placeOf(event).map((v, axis) => v - drag.start[axis]);
    if (!drag.moved && Math.hypot(...drag.by) < 1.5) return; // a click whose hand trembles
    drag.moved = true;
    drag.frame ??= requestAnimationFrame(() => {
      if (!drag) return;
      drag.frame = undefined;
      carry(drag.i, drag.atom, ...drag.by, 1);
    });
  }

  function release(event) {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (drag.moved) carry(drag.i, drag.atom, ...drag.by, 6);
    drag = null;
  }

  function pictureKey(event) {
    const way = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Escape") select(-1);
    if (!way) return;
    event.preventDefault();
    if (state.mode === "walk") return;
    if (state.selected < 0) return scene.blocks.length ? select(0) : undefined;
    stop();
    const far = event.shiftKey ? 5 : 1, i = state.selected;
    carry(i, scene.blocks[i].atom, far * way[0], far * way[1], 5);
  }

  /** The pursuit as an animation; one step a press for those who asked for less motion. */
  function play() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    clearTimeout(pursuit);
    if (still && state.step < 0 && document.activeElement?.dataset.do !== "play") return; // only when asked for
    state.step++;
    if (state.step >= scene.steps.length) return stop(true);
    state.selected = state.pointed = -1;
    buildSliders();
    paint();
    describe();
    root.querySelector('[data-do="play"]').textContent = still ? "Next step" : "Play the pursuit";
    if (!still) pursuit = setTimeout(play, PACE);
  }

  /** End the animation: everything that the reader does ends it. */
  function stop(show = false) {
    clearTimeout(pursuit);
    if (state.step < 0) return;
    state.step = -1;
    root.querySelector('[data-do="play"]').textContent = "Play the pursuit";
    paint();
    if (show) describe();
  }

  const actions = {
    play() {
      if (state.step >= 0 && !matchMedia("(prefers-reduced-motion: reduce)").matches) stop(true);
      else play();
    },
    undo: () => pad.undo(),
    clear: () => pad.clear(),
    copy() {
      const { z, atom } = scene.blocks[state.selected];
      state.copied = { model: state.model, z, atom };
      paint(-1);
      say(`Block ${state.selected + 1} is copied. Choose another image, then “Paste block”.`);
    },
    paste() {
      if (scene.blocks.length >= MOST_BLOCKS) return say(`${MOST_BLOCKS} blocks on one image are enough.`);
      stop();
      scene.image ??= new Float32Array(net.size ** 2);
      scene.add(state.copied.z, state.copied.atom, true);
      state.selected = scene.blocks.length - 1;
      build();
    },
    "reset-block"() {
      const block = scene.blocks[state.selected];
      block.on = true;
      scene.move(state.selected, block.original);
      paint();
      describe();
    },
    "reset-image"() {
      scene.blocks.length = 0;
      scene.steps.forEach(({ z, atom }) => scene.add(z, atom));
      state.selected = state.pointed = -1;
      stop();
      build();
    },
  };

  function listen() {
    root.addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());
    root.querySelectorAll("[name=explorer-model]").forEach((input) => input.addEventListener("change", () => useModel(input.value)));
    root.querySelectorAll("[name=explorer-mode]").forEach((input) => input.addEventListener("change", () => {
      state.mode = input.value;
      state.t = 0.5;
      change();
    }));
    part("tint").addEventListener("change", (event) => {
      state.tint = event.target.checked;
      paint();
    });
    part("view").addEventListener("change", (event) => {
      stop();
      state.view = event.target.value;
      paint();
      say({
        sum: `The sum of the atoms of all blocks that are switched on.`,
        image: "The picture that was decomposed, as it is.",
        left: "What the sum leaves over: dark is still to be drawn, vermilion is drawn too much.",
      }[state.view]);
    });
    let frame;
    part("t").addEventListener("input", (event) => {
      state.t = event.target.valueAsNumber;
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        if (state.mode !== "walk") return;
        walkTo(state.t);
        paint();
        describe();
      });
    });
    part("nearest").addEventListener("change", (event) => {
      state.nearest = Boolean(event.target.value);
      change();
    });
    part("centre").addEventListener("change", () => decompose());
    part("height").addEventListener("input", (event) => {
      pad.height = event.target.valueAsNumber;
      paint(-1);
    });
    const frameOf = part("picture");
    frameOf.addEventListener("pointerdown", grab);
    frameOf.addEventListener("pointermove", pull);
    frameOf.addEventListener("pointerup", release);
    frameOf.addEventListener("pointercancel", release);
    frameOf.addEventListener("pointerleave", () => !drag && point(-1));
    frameOf.addEventListener("keydown", pictureKey);
    frameOf.addEventListener("touchstart", (event) => { // a finger on an atom drags it, elsewhere it scrolls the page
      if (scene.at(...placeOf(event.touches[0]), 6) >= 0 && state.mode !== "walk") event.preventDefault();
    }, { passive: false });
  }

  async function useModel(model) {
    wanted = model;
    root.ariaBusy = "true";
    nets[model] ??= await explorer.Network.load(`${model}-pursuit`);
    if (model !== wanted) return; // another one was chosen meanwhile
    root.ariaBusy = null;
    net = nets[model];
    Object.assign(state, { model, from: 0, to: 1 });
    pad.use(net);
    if (net.images.spikes) {
      const [low, high] = net.images.amplitude;
      Object.assign(part("height"), { min: low, max: high });
      part("height").valueAsNumber = pad.height = high;
    }
    buildStrips();
    change();
  }

  async function start() {
    root.innerHTML = MARKUP;
    pad = new explorer.Pad(part("pad"), decompose);
    await useModel("digits");
    listen();
    root.dataset.ready = "";
  }

  /** What is on show, as plain data. */
  explorer.state = () => ({
    model: state.model, mode: state.mode, from: state.from, to: state.to, t: state.t, step: state.step,
    selected: state.selected, pointed: state.pointed, status: part("status").textContent,
    error: scene.image ? scene.error() : null,
    blocks: scene.shares().map((share, i) => {
      const { z, on, copied } = scene.blocks[i];
      return { z: [...z], on, copied, share, ...scene.peak(i) };
    }),
  });

  start();
})();
