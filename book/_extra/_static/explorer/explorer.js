/* The page: what is on show, and what becomes of it. The arithmetic and the hands are in the other files.
 *
 * `explorer.state()` tells a test, or the curious in a console, what is on show; it changes nothing. */
"use strict";

explorer.App = class {
  static MOST_BLOCKS = 24; // on one image, with what was copied onto it
  static PACE = 450; // ms a step of the pursuit
  static PAUSE = 900; // ms after a stroke, before the drawing is taken apart: another may follow
  static LINKED = 300; // ms after a change, before the address tells it

  constructor(root) {
    this.root = root;
    this.nets = {}; // by name
    this.heldOut = {}; // by "digits" and "spikes"
    this.scenes = new Map(); // what became of each image, by its key
    this.state = {
      data: "digits", kind: "", mode: "look", from: 0, to: 1, selected: -1, pointed: -1, tint: true, truth: true,
      view: "sum", t: 0, nearest: true, step: -1, copied: null,
    };
  }

  part = (name) => this.root.querySelector(`[data-part="${name}"]`);
  button = (name) => this.root.querySelector(`[data-do="${name}"]`);
  element = (tag, properties) => Object.assign(document.createElement(tag), properties);

  say(text) {
    if (this.part("status").textContent !== text) this.part("status").textContent = text;
  }

  describe() {
    this.say(explorer.words.describe(this.state, this.scene, this.net, this.pad));
  }

  get still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // --- which network, which scene ------------------------------------------------------------------------------------

  async start() {
    const linked = explorer.link.read(location.hash), { models } = explorerIndex;
    const known = linked && models.some(({ data, kind }) => data === linked.data && kind === linked.kind) ? linked : null;
    const first = known ?? models[0];
    await this.fetch(first.data, first.kind); // until then the page shows its still picture
    this.root.innerHTML = explorer.MARKUP;
    this.pad = new explorer.Pad({
      changed: () => this.decompose(), drawing: () => this.paintPicture(),
      full: () => this.say(`${explorer.MOST_SPIKES} spikes are all there may be.`),
    });
    this.blocks = new explorer.Blocks(this);
    this.sliders = new explorer.Sliders(this);
    this.hand = new explorer.Hand(this);
    this.listen();
    if (known) this.remember(known);
    await this.use(first.data, first.kind);
    if (known) this.restore(known);
    this.root.dataset.ready = "";
  }

  async fetch(data, kind) {
    const name = `${data}-${kind}`;
    this.nets[name] ??= await explorer.Network.load(name);
    this.heldOut[data] ??= await explorer.images.heldOut(data);
    return this.nets[name];
  }

  /** Show images of a kind with a network: the same image, the same way, if they stay of a kind. */
  async use(data, kind) {
    const { state } = this, wanted = (this.wanted = `${data}-${kind}`);
    this.root.ariaBusy = "true";
    if (!this.nets[wanted]) this.say("The network is being loaded …");
    const net = await this.fetch(data, kind);
    if (wanted !== this.wanted) return; // another one was chosen meanwhile
    this.root.ariaBusy = null;
    this.net = net;
    this.set = explorerIndex.images[data];
    const other = data !== state.data || !this.scene;
    Object.assign(state, { data, kind });
    if (other) {
      if (this.scene) Object.assign(state, { from: 0, to: 1 });
      this.pad.use(data);
      this.buildStrips();
      this.buildKinds();
      if (data === "spikes") {
        const [low, high] = this.set.amplitude, height = this.part("height");
        Object.assign(height, { min: low, max: high });
        height.valueAsNumber = this.pad.height = high;
      }
    }
    for (const input of this.root.querySelectorAll("[name=explorer-data], [name=explorer-kind]"))
      input.checked = input.value === state[input.name.slice(9)];
    this.part("about").textContent = explorer.words.about(kind, net);
    this.change();
  }

  key(image) {
    return `${this.state.data} ${this.state.kind} ${image}`;
  }

  decomposed(i) {
    const key = this.key(i);
    if (!this.scenes.has(key)) {
      const { image, truth } = this.heldOut[this.state.data][i];
      this.scenes.set(key, explorer.Scene.decompose(this.net, image, truth));
    }
    return this.scenes.get(key);
  }

  /** The drawing, decomposed anew if it is not of this network yet. */
  drawn() {
    const { pad, net } = this, key = this.key("drawn");
    if (pad.empty) return new explorer.Scene(net);
    if (!this.scenes.has(key)) {
      const truth = pad.dropping ? pad.spikes.map((spike) => [...spike]) : null;
      const k = net.pursues ? Math.max(net.k, pad.dropping ? explorer.MOST_SPIKES : 0) : undefined;
      this.scenes.set(key, explorer.Scene.decompose(net, pad.image(), truth, k));
    }
    return this.scenes.get(key);
  }

  /** Show what the state says: another network, mode or image. */
  change() {
    const { state } = this;
    this.stop();
    this.hand.drop();
    state.pointed = -1;
    state.view = "sum";
    this.turned = this.untouched = null;
    if (state.mode === "walk") {
      const [a, b] = [state.from, state.to].map((i) => this.decomposed(i).steps.map(({ atom }) => atom));
      this.matched = explorer.latents.pairs(a, b, state.nearest ? this.net.size : 0);
      this.walkTo(state.t);
    } else this.scene = state.mode === "draw" ? this.drawn() : this.decomposed(state.from);
    state.selected = state.mode === "look" ? this.scene.strongest() : -1;
    this.build();
  }

  /** The scene at `t` on the way from one image to the other. */
  walkTo(t) {
    const { state, net } = this;
    state.t = t;
    const [a, b] = [state.from, state.to].map((i) => this.decomposed(i).steps.map(({ z }) => z));
    this.scene = new explorer.Scene(net);
    for (const { z, weight } of explorer.latents.walk(a, b, this.matched, t))
      this.scene.add(z, net.g(z).map((v) => weight * v));
  }

  // --- drawing -------------------------------------------------------------------------------------------------------

  forgetDrawing() {
    for (const key of this.scenes.keys()) if (key.startsWith(this.state.data) && key.endsWith("drawn")) this.scenes.delete(key);
  }

  /** Take the drawing apart, and show how, where blocks come one after another. */
  decompose() {
    clearTimeout(this.pause);
    if (this.part("centre").checked) this.pad.centre();
    this.forgetDrawing();
    const { held } = this.pad;
    this.scene = this.drawn();
    this.state.selected = this.state.pointed = -1;
    this.stop();
    this.build();
    if (!this.pad.dropping && this.net.pursues && !this.pad.empty && !this.still) this.play();
    this.pad.held = held;
  }

  decomposeSoon() {
    clearTimeout(this.pause);
    this.say("Lift the pen for a moment, and the network takes the drawing apart.");
    this.pause = setTimeout(() => this.state.mode === "draw" && this.decompose(), explorer.App.PAUSE);
  }

  /** A spike was carried on: who draws it now? */
  carried() {
    const { pad, net, state } = this, before = pad.trail.at(-1)?.holder;
    this.forgetDrawing();
    this.scene = this.drawn();
    state.selected = -1;
    if (pad.held >= 0) {
      const [, row, column] = pad.spikes[pad.held], holders = this.holders(pad.spikes[pad.held]);
      const colour = holders.length && !net.pursues ? explorer.picture.colour(holders[0]) : explorer.picture.SPECK;
      pad.trail.push({ row, column, colour, holder: holders[0] });
      this.say(explorer.words.ofCarrying(holders, before, net));
    } else this.describe();
    this.sliders.build();
    this.paint();
  }

  /** The blocks that draw a spike, the strongest first: those that give a quarter of its height at its place. */
  holders([amplitude, row, column]) {
    const at = Math.round(row) * explorer.SIZE + Math.round(column);
    return this.scene.blocks.map(({ atom }, i) => [atom[at], i]).filter(([value]) => value > amplitude / 4)
      .sort(([a], [b]) => b - a).map(([, i]) => i);
  }

  // --- building what depends on the scene ----------------------------------------------------------------------------

  build() {
    const { state, scene, net } = this, { mode, data } = state, spikes = data === "spikes";
    const show = (name, shown) => { this.part(name).hidden = !shown; };
    this.part("stage").className = `explorer-stage explorer-${mode}`;
    show("from", mode !== "draw");
    show("to", mode === "walk");
    this.part("from").firstChild.hidden = mode !== "walk";
    show("own", mode === "draw");
    show("walk", mode === "walk");
    show("side", mode !== "walk");
    show("view-label", mode !== "walk");
    show("truth-label", spikes && mode !== "walk");
    show("centre-label", !spikes);
    show("height-label", spikes);
    show("noise-label", spikes);
    show("play", net.pursues && mode !== "walk");
    this.part("view").value = state.view;
    this.part("nearest").value = state.nearest ? "1" : "";
    this.part("pad-hint").textContent = spikes
      ? "Click on the picture to drop spikes; drag one, and the blocks hand it over in their colours."
      : "Draw a digit on the picture.";
    this.part("picture").ariaLabel = mode === "draw"
      ? "Drawing pad. Arrow keys move the cursor, with Shift farther. Space puts the pen down and lifts it, or drops a spike and lets go of it."
      : "The picture. Arrow keys move what the chosen block draws, with Shift farther; Escape lets go of it.";
    for (const strip of ["from", "to"])
      this.part(strip).querySelectorAll("button").forEach((button, i) => (button.ariaPressed = String(i === state[strip])));
    this.blocks.build();
    this.sliders.build();
    this.paint();
    this.describe();
  }

  buildStrips() {
    for (const strip of ["from", "to"]) {
      const label = this.element("span", { textContent: strip, className: "explorer-hint" });
      this.part(strip).replaceChildren(label, ...this.heldOut[this.state.data].map(({ image, name }, i) => {
        const button = this.element("button", { type: "button", title: name, ariaLabel: `Image ${i + 1}: ${name}` });
        const canvas = this.element("canvas", { width: explorer.SIZE, height: explorer.SIZE });
        explorer.picture.plain(canvas, image);
        button.append(canvas);
        button.addEventListener("click", () => {
          this.state[strip] = i;
          if (this.state.mode === "walk") this.state.t = 0;
          this.change();
        });
        return button;
      }));
    }
  }

  buildKinds() {
    const kinds = explorerIndex.models.filter(({ data }) => data === this.state.data).map(({ kind }) => kind);
    this.part("kinds").replaceChildren(this.part("kinds").firstElementChild, ...kinds.map((kind) => {
      const label = this.element("label", {}), input = this.element("input", { type: "radio", name: "explorer-kind", value: kind });
      input.addEventListener("change", () => this.use(this.state.data, kind));
      label.append(input, this.element("span", { textContent: explorer.words.name(kind) }));
      return label;
    }));
  }

  // --- painting what changes -----------------------------------------------------------------------------------------

  /** Paint the picture, and the atom that has changed: one, or by default all, or `-1` none. */
  paint(only = null) {
    const { state, scene } = this, { percent } = explorer.words;
    this.paintPicture();
    this.blocks.paint(only);
    if (this.sliders.block) this.sliders.paint();
    this.button("play").disabled = !scene.steps?.length;
    this.button("reset-image").disabled = !scene.steps;
    this.button("paste").disabled = this.state.copied?.net !== this.net || !scene.steps;
    this.part("view").disabled = state.step >= 0 || !scene.image;
    this.part("view").value = state.step >= 0 ? "left" : state.view;
    const set = (name, value, text) => {
      this.part(name).valueAsNumber = value;
      this.part(name).nextElementSibling.value = text;
    };
    set("t", state.t, percent(state.t));
    set("height", this.pad.height, this.pad.height.toFixed(2));
    set("noise", this.pad.noise, this.pad.noise.toFixed(2));
    clearTimeout(this.linking);
    this.linking = setTimeout(() => this.tell(), explorer.App.LINKED);
  }

  paintPicture() {
    const { state, scene, pad } = this, { picture } = explorer, { step, view, pointed } = state, canvas = this.part("canvas");
    if (state.mode === "draw" && pad.stroke) picture.plain(canvas, pad.ink);
    else if (step >= 0) picture.plain(canvas, step ? scene.steps[step - 1].residual : scene.image);
    else if (view === "image" && scene.image) picture.plain(canvas, scene.image);
    else if (view === "left" && scene.image) picture.plain(canvas, scene.residual());
    else if (view === "moved") picture.change(canvas, scene.sum(), this.untouched ?? scene.sum());
    else if (pointed >= 0 && scene.blocks[pointed]?.on) picture.lit(canvas, scene, pointed);
    else if (state.tint) picture.tinted(canvas, scene);
    else picture.plain(canvas, scene.sum());
    this.paintOverlay();
  }

  paintOverlay() {
    const { state, scene, pad, net } = this, { step, pointed, selected } = state;
    const i = step >= 0 ? -1 : pointed >= 0 ? pointed : selected, alone = scene.blocks.length === 1 && net.k === 1;
    const line = i >= 0 && scene.blocks[i]?.on && !alone ? explorer.picture.outline(scene.blocks[i].atom, explorer.SIZE) : "";
    for (const name of ["halo", "outline"]) this.part(name).setAttribute("d", line);
    this.part("outline").style.stroke = line ? scene.colours()[i] : "none";
    const drawing = state.mode === "draw", [row, column] = pad.place, cursor = this.part("cursor");
    cursor.setAttribute("transform", `translate(${column + 0.5} ${row + 0.5})`);
    cursor.toggleAttribute("hidden", !drawing);
    cursor.classList.toggle("explorer-down", Boolean(pad.stroke) || pad.held >= 0);
    explorer.marks.paint(this);
    const looked = step >= 0 ? scene.steps[step] : null, box = this.part("window");
    box.toggleAttribute("hidden", !looked);
    if (!looked) return;
    const half = Math.floor(net.window / 2), [y, x] = looked.centre.map((v) => v - half);
    for (const [name, value] of Object.entries({ x, y, width: net.window, height: net.window })) box.setAttribute(name, value);
  }

  // --- what the reader does ------------------------------------------------------------------------------------------

  select(i) {
    this.stop();
    Object.assign(this.state, { selected: i, pointed: -1 });
    this.sliders.build();
    this.paint();
    this.describe();
  }

  point(i) {
    const { state } = this;
    if (state.pointed === i || state.step >= 0 || this.hand.pointer) return;
    state.pointed = i;
    this.paint(-1); // no atom has changed
    this.describe();
  }

  /** Who moves a block is to see it move: show what hangs on the blocks, not the picture that was given. */
  show() {
    if (this.state.view === "image") this.state.view = "sum";
  }

  /** Block i draws something else now. */
  moved(i) {
    this.show();
    this.paint(i);
    this.sliders.films();
  }

  /** A slider was moved: coordinate j of the chosen block. */
  turn(j, value) {
    this.stop();
    const { scene, state } = this, i = state.selected, z = scene.blocks[i].z.slice();
    const turned = `${this.key(state.from)} ${i} ${j}`;
    if (this.turned !== turned) this.untouched = scene.sum();
    this.turned = turned;
    z[j] = value;
    scene.blocks[i].on = true;
    scene.move(i, z);
    this.moved(i);
    this.say(explorer.words.ofTurn(j, value, scene.spread(this.untouched), state, this.net));
  }

  // --- what moves by itself ------------------------------------------------------------------------------------------

  /** The pursuit as an animation, from the beginning; one step a press for those who asked for less motion. */
  play() {
    const { state, scene } = this;
    clearTimeout(this.playing);
    if (state.step < 0) this.actions["reset-image"](); // it is the encoder's own steps that are shown
    state.step++;
    if (state.step >= scene.steps.length) return this.stop(true);
    state.selected = state.pointed = -1;
    this.sliders.build();
    this.paint();
    this.describe();
    this.button("play").textContent = this.still ? "Next step" : "Stop";
    if (!this.still) this.playing = setTimeout(() => this.play(), explorer.App.PACE);
  }

  /** The walk from one image to the other; a tenth of it a press for those who asked for less motion. */
  stroll() {
    const { state } = this, go = (t) => {
      this.walkTo(Math.min(1, t));
      this.paint();
      this.describe();
    };
    if (this.strolling) return this.stop();
    const from = state.t >= 1 ? 0 : state.t, began = performance.now();
    if (this.still) return go(state.t >= 1 ? 0 : Math.round(10 * state.t + 1) / 10);
    const frame = (now) => {
      go(from + Math.max(0, now - began) / 3000);
      this.strolling = state.t < 1 ? requestAnimationFrame(frame) : null;
      this.button("stroll").textContent = this.strolling ? "Stop" : "Play";
    };
    this.strolling = requestAnimationFrame(frame);
  }

  /** End what moves by itself: everything that the reader does ends it. */
  stop(show = false) {
    clearTimeout(this.playing);
    if (this.strolling) cancelAnimationFrame(this.strolling);
    this.strolling = null;
    this.button("stroll").textContent = "Play";
    if (this.state.step < 0) return;
    this.state.step = -1;
    this.button("play").textContent = "Play the pursuit";
    this.paint();
    if (show) this.describe();
  }

  actions = {
    play: () => (this.state.step >= 0 && !this.still ? this.stop(true) : this.play()),
    stroll: () => this.stroll(),
    undo: () => this.pad.undo(),
    clear: () => this.pad.clear(),
    "page-back": () => this.sliders.turnPage(-1),
    "page-on": () => this.sliders.turnPage(1),
    link: () => this.copyLink(),
    copy: () => {
      const { z, atom } = this.scene.blocks[this.state.selected];
      this.state.copied = { net: this.net, z, atom };
      this.paint(-1);
      this.say(`Block ${this.state.selected + 1} is copied. Choose another image, then “Paste block”.`);
    },
    paste: () => {
      const { scene, state } = this, most = explorer.App.MOST_BLOCKS;
      if (scene.blocks.length >= most) return this.say(`${most} blocks on one image are enough.`);
      this.stop();
      scene.add(state.copied.z, state.copied.atom, true);
      state.selected = scene.blocks.length - 1;
      this.build();
    },
    "reset-block": () => {
      const { scene, state } = this, block = scene.blocks[state.selected];
      block.on = true;
      scene.move(state.selected, block.original);
      this.moved(state.selected);
      this.describe();
    },
    "reset-image": () => {
      const { scene, state } = this;
      scene.blocks.length = 0;
      scene.steps.forEach(({ z, atom }) => scene.add(z, atom));
      Object.assign(state, { pointed: -1, view: "sum", selected: state.mode === "look" ? scene.strongest() : -1 });
      this.stop();
      this.build();
    },
  };

  listen() {
    const { root, state } = this, on = (name, kind, act) => this.part(name).addEventListener(kind, (event) => act(event.target));
    root.addEventListener("click", (event) => this.actions[event.target.closest("[data-do]")?.dataset.do]?.());
    for (const input of root.querySelectorAll("[name=explorer-data]"))
      input.addEventListener("change", () => this.use(input.value, this.kindFor(input.value)));
    for (const input of root.querySelectorAll("[name=explorer-mode]"))
      input.addEventListener("change", () => {
        Object.assign(state, { mode: input.value, t: 0 });
        this.change();
      });
    on("tint", "change", ({ checked }) => {
      state.tint = checked;
      this.paint();
      this.sliders.films();
    });
    on("truth", "change", ({ checked }) => {
      state.truth = checked;
      this.paint(-1);
    });
    on("view", "change", ({ value }) => {
      this.stop();
      Object.assign(state, { view: value, pointed: -1 });
      this.paint();
      this.describe();
    });
    on("t", "input", ({ valueAsNumber }) => {
      this.stop();
      this.walkTo(valueAsNumber);
      this.paint();
      this.describe();
    });
    on("nearest", "change", ({ value }) => {
      state.nearest = Boolean(value);
      this.change();
    });
    on("centre", "change", () => this.pad.empty || this.decompose());
    on("height", "input", ({ valueAsNumber }) => {
      this.pad.height = valueAsNumber;
      this.paint(-1);
    });
    on("noise", "input", ({ valueAsNumber }) => {
      this.pad.noise = valueAsNumber;
      this.pad.trail = [];
      this.carried();
    });
  }

  /** The network to go on with on other images: of the same kind, or the first there is. */
  kindFor(data) {
    const kinds = explorerIndex.models.filter((model) => model.data === data).map(({ kind }) => kind);
    return kinds.includes(this.state.kind) ? this.state.kind : kinds[0];
  }

  // --- the address ---------------------------------------------------------------------------------------------------

  /** Put what is on show into the address. */
  tell() {
    const text = explorer.link.write(this);
    if (text && this.root.dataset.ready !== undefined) history.replaceState(history.state, "", `#${text}`);
  }

  /** What an address says of the page before its network is in use … */
  remember({ data, mode, from, to, t, tint, truth, nearest, spikes, strokes, noise }) {
    const { state, pad } = this, whole = (i, or) => (Number.isInteger(i) && i >= 0 && i < 12 ? i : or);
    const clip = (v, low, high) => Math.max(low, Math.min(high, v));
    Object.assign(state, { data, from: whole(from, 0), to: whole(to, 1), t: clip(t, 0, 1), tint, truth, nearest });
    if (["look", "walk", "draw"].includes(mode)) state.mode = mode;
    for (const input of this.root.querySelectorAll("[name=explorer-mode]")) input.checked = input.value === state.mode;
    for (const name of ["tint", "truth"]) this.part(name).checked = state[name];
    pad.use(data);
    pad.noise = clip(noise, 0, 0.3);
    if (data === "spikes") pad.spikes = spikes.slice(0, explorer.MOST_SPIKES).map(([a, ...place]) => [clip(a, 0, 2), ...pad.inside(place)]);
    pad.strokes = strokes.map((stroke) => stroke.map((place) => place.map((v) => clip(v, 0, explorer.SIZE - 1))));
  }

  /** … and after. */
  restore({ block, view, off, moved }) {
    const { scene, state, net } = this;
    for (const { i, z } of moved) {
      if (z.length !== net.d0 || i >= scene.blocks.length) continue;
      const held = Float32Array.from(z);
      if (i >= 0) scene.move(i, held);
      else if (scene.blocks.length < explorer.App.MOST_BLOCKS) scene.add(held, net.g(held), true);
    }
    for (const i of off) if (scene.blocks[i]) scene.blocks[i].on = false;
    if (["sum", "image", "left"].includes(view) && scene.image) state.view = view;
    state.selected = scene.blocks[block] ? block : -1;
    this.build();
  }

  async copyLink() {
    this.tell();
    try {
      await navigator.clipboard.writeText(location.href);
      this.say("The link is copied: it opens the page with what you see now.");
    } catch {
      this.say("The address above is the link: it opens the page with what you see now.");
    }
  }
};

/** What is on show, as plain data. */
explorer.state = () => {
  const { state, scene, pad, net, part } = explorer.app;
  return {
    data: state.data, kind: state.kind, mode: state.mode, from: state.from, to: state.to, t: state.t, step: state.step,
    view: state.view, selected: state.selected, pointed: state.pointed, d0: net.d0,
    status: part("status").textContent, error: scene.image ? scene.error() : null,
    spikes: pad.spikes, marks: explorer.marks.judged(explorer.app),
    blocks: scene.shares().map((share, i) => {
      const { z, on, copied } = scene.blocks[i];
      return { z: [...z], on, copied, share, ...scene.peak(i) };
    }),
  };
};

(() => {
  const root = document.getElementById("explorer");
  if (!root) return;
  explorer.app = new explorer.App(root);
  explorer.app.start().catch(({ message }) =>
    root.append(explorer.app.element("p", { textContent: `The explorer does not run in this browser: ${message}.` })));
})();
