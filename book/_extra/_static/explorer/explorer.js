/* The page: what the reader sees and does. The arithmetic is in the other files.
 *
 * `explorer.state()` tells a test, or the curious in a console, what is on show; it changes nothing. */
"use strict";

(() => {
  const MOST_BLOCKS = 24; // on one image, with what was copied onto it
  const PACE = 450; // ms a step of the animation

  const root = document.getElementById("explorer");
  if (!root) return;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { picture, latents, words } = explorer;
  const { percent, plural, signed } = words;
  const thing = () => words.thing(state);
  const nets = {}, heldOut = {}, scenes = new Map(); // scenes: what became of each image, by its key
  const state = {
    model: "digits", mode: "look", from: 0, to: 1, selected: -1, pointed: -1,
    tint: false, view: "sum", t: 0, nearest: true, step: -1, copied: null,
  };
  let net, scene, pad, matched, pursuit, drag, wanted;

  const say = (text) => { if (part("status").textContent !== text) part("status").textContent = text; };

  // --- which scene is on show --------------------------------------------------------------------------------------

  const decomposed = (i) => {
    const key = `${state.model} ${i}`;
    if (!scenes.has(key)) scenes.set(key, explorer.Scene.decompose(net, heldOut[state.model][i].image));
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
    if (problem === "full") return say(`${net.k} spikes are all there may be: the network was trained on no more.`);
    const key = `${state.model} drawn`;
    scenes.delete(key);
    if (!pad.empty) scenes.set(key, explorer.Scene.decompose(net, pad.image(part("centre").checked)));
    change();
    if (!pad.empty) play();
  }

  // --- building what depends on the scene --------------------------------------------------------------------------

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
      part(strip).querySelectorAll("button").forEach((button, i) => button.ariaPressed = String(i === state[strip]));
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
      part(strip).replaceChildren(label, ...heldOut[state.model].map(({ image, name }, i) => {
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
      say(`Block ${i + 1} is switched ${box.checked ? "on" : "off"}: the picture is the sum of ${on} of its `
        + `${plural(scene.blocks.length, "block")}.`);
    });
    label.append(element("span", { textContent: i + 1 }), scene.blocks[i].copied ? "copied" : "", box);
    box.hidden = state.mode === "walk";
    item.append(label, button);
    return item;
  }

  function buildSliders() {
    const block = scene.blocks[state.selected], walking = state.mode === "walk";
    const title = block ? `Block ${state.selected + 1}, its ${net.d0} coordinates` : "No block is selected";
    part("chosen").textContent = title;
    for (const name of ["copy", "reset-block"]) root.querySelector(`[data-do="${name}"]`).disabled = !block || walking;
    const hint = element("p", { className: "explorer-hint", textContent: `Click a ${thing()} or an atom.` });
    part("sliders").replaceChildren(...!block ? [hint] : net.range.map(([low, high], j) => {
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
      const name = element("span", { innerHTML: `z<sub>${state.selected + 1},${j + 1}</sub>` });
      label.append(name, input, element("output", {}));
      return label;
    }));
  }

  // --- painting what changes ---------------------------------------------------------------------------------------

  /** Paint the picture, and the atom that has changed: one, or by default all, or `-1` none. */
  function paint(only = null) {
    const { step, view, pointed, selected, tint } = state, canvas = part("canvas");
    if (step >= 0) picture.plain(canvas, step ? scene.steps[step - 1].residual : scene.image);
    else if (view === "image" && scene.image) picture.plain(canvas, scene.image);
    else if (view === "left" && scene.image) picture.plain(canvas, scene.residual());
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
      button.ariaPressed = String(i === selected);
      button.ariaLabel = `Block ${i + 1}: ${percent(shares[i])} of the picture's energy`;
      if (only !== null && i !== only) return;
      if (tint) picture.atomInColour(button.querySelector("canvas"), atom, i);
      else picture.plain(button.querySelector("canvas"), atom);
      if (i === selected) showCoordinates(z);
    });
    root.querySelector('[data-do="play"]').disabled = !scene.steps?.length;
    root.querySelector('[data-do="reset-image"]').disabled = !scene.steps;
    root.querySelector('[data-do="paste"]').disabled = state.copied?.model !== state.model || !scene.steps;
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
    const square = { x: column - half, y: row - half, width: net.window, height: net.window };
    for (const [name, value] of Object.entries(square)) box.setAttribute(name, value);
  }

  function showCoordinates(z) {
    [...part("sliders").querySelectorAll("input")].forEach((input, j) => {
      input.valueAsNumber = z[j];
      input.nextElementSibling.value = signed(z[j]);
    });
  }

  /** Say in plain words what is being seen. */
  const describe = () => say(words.describe(state, scene, net));

  // --- what the reader does ----------------------------------------------------------------------------------------

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

  /** Who moves a block is to see it move: show what hangs on the blocks, not the picture that was given. */
  function show() {
    if (state.view === "image") state.view = part("view").value = "sum";
  }

  /** A slider was moved: coordinate j of the selected block. */
  function turn(j, value) {
    stop();
    const i = state.selected, z = scene.blocks[i].z.slice();
    z[j] = value;
    scene.blocks[i].on = true;
    scene.move(i, z);
    show();
    paint(i);
    say(`Coordinate ${j + 1} of block ${i + 1} is ${signed(value)}; the other blocks stay as they are.`);
  }

  /** Bring what block i drew as `atom` to where it is (rows, columns) px further, as well as g can. */
  function carry(i, atom, rows, columns, steps) {
    const { border = 0 } = net.images, { peak } = drag ?? { peak: scene.peak(i) };
    const limit = (by, from) => Math.max(border - from, Math.min(net.size - 1 - border - from, by));
    const target = latents.shift(atom, net.size, limit(rows, peak.row), limit(columns, peak.column));
    const fitted = latents.fit(net, target, scene.blocks[i].z, steps);
    scene.blocks[i].on = true;
    scene.move(i, fitted.z, fitted.atom);
    show();
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
    root.querySelectorAll("[name=explorer-model]").forEach((input) =>
      input.addEventListener("change", () => useModel(input.value)));
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
    heldOut[model] ??= await explorer.images.heldOut(model);
    nets[model].images = explorerIndex.images[model];
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
    nets.digits = await explorer.Network.load("digits-pursuit"); // until then the page shows its still picture
    root.innerHTML = explorer.MARKUP;
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

  start().catch(({ message }) =>
    root.append(element("p", { textContent: `The explorer does not run in this browser: ${message}.` })));
})();
