/* The page: what is on show, and what becomes of it. The arithmetic and the hands are in the other files.
 *
 * `explorer.state()` tells a test, or the curious in a console, what is on show; it changes nothing. */
"use strict";

explorer.App = class {
  static MOST_BLOCKS = 24; // on one image, with what was copied onto it
  static PACE = 450; // ms a step of the pursuit
  static PAUSE = 900; // ms after a stroke, before the drawing is taken apart: another may follow

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

  build() {
    this.stage.build();
  }

  /** Paint the picture, and the atom that has changed: one, or by default all, or `-1` none. */
  paint(only = null) {
    this.stage.paint(only);
  }

  // --- which network, which scene ------------------------------------------------------------------------------------

  async start() {
    const linked = explorer.link.read(location.hash), { models } = explorerIndex;
    const there = linked && models.some(({ data, kind }) => data === linked.data && kind === linked.kind);
    const known = there ? linked : null;
    const first = known ?? models[0];
    await this.fetch(first.data, first.kind); // until then the page shows its still picture
    this.root.innerHTML = explorer.MARKUP;
    this.stage = new explorer.Stage(this);
    this.pad = new explorer.Pad({
      changed: () => this.decompose(), drawing: () => this.stage.paintPicture(),
      full: () => this.say(`${explorer.MOST_SPIKES} spikes are all there may be.`),
    });
    this.own = new explorer.Own(this);
    this.blocks = new explorer.Blocks(this);
    this.sliders = new explorer.Sliders(this);
    this.hand = new explorer.Hand(this);
    this.address = new explorer.Address(this);
    this.tour = new explorer.Tour(this);
    explorer.listen(this);
    await (known ? this.open(known) : this.use(first.data, first.kind));
    this.root.dataset.ready = "";
  }

  async fetch(data, kind) {
    const name = `${data}-${kind}`;
    this.nets[name] ??= await explorer.Network.load(name);
    this.heldOut[data] ??= await explorer.images.heldOut(data);
    return this.nets[name];
  }

  /** Show what a link says, as `explorer.link.read` has it. */
  async open(said) {
    this.address.remember(said);
    await this.use(said.data, said.kind);
    this.address.restore(said);
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
    Object.assign(state, { data, kind });
    if (this.shown !== data) {
      this.shown = data;
      this.pad.use(data);
      this.stage.buildStrips();
      this.stage.buildKinds();
    }
    this.change();
  }

  /** The network to go on with on other images: of the same kind, or the first there is. */
  kindFor(data) {
    const kinds = explorerIndex.models.filter((model) => model.data === data).map(({ kind }) => kind);
    return kinds.includes(this.state.kind) ? this.state.kind : kinds[0];
  }

  /** The images on show: those that are held out, and the reader's own. */
  images() {
    return [...this.heldOut[this.state.data], ...this.own.images];
  }

  key(image) {
    const { data, kind } = this.state;
    return `${data} ${kind} ${this.images()[image]?.own ? "own" : image}`;
  }

  decomposed(i) {
    const key = this.key(i);
    if (!this.scenes.has(key)) {
      const { image, truth, many } = this.images()[i];
      const k = many && this.net.pursues ? explorer.App.MOST_BLOCKS : undefined;
      this.scenes.set(key, explorer.Scene.decompose(this.net, image, truth, k));
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
    for (const key of this.scenes.keys())
      if (key.startsWith(this.state.data) && key.endsWith("drawn")) this.scenes.delete(key);
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

  // --- what the reader does ------------------------------------------------------------------------------------------

/** Back to what the encoder found. */
  reset() {
    const { scene, state } = this;
    scene.reset();
    Object.assign(state, { pointed: -1, view: "sum", selected: state.mode === "look" ? scene.strongest() : -1 });
    this.stop();
    this.build();
  }

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
    if (state.step < 0) this.reset(); // it is the encoder's own steps that are shown
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
