/* The small one on the front page: one digit, and its strokes moved one after another, each by one coordinate.
 *
 * It plays by itself while it is seen, unless less motion is preferred; a button stops it. It loads its network when it
 * comes into view, and until then, and without JavaScript, the page shows a still picture. */
"use strict";

explorer.Small = class {
  static SWEEP = 2600; // ms that a coordinate takes to its ends and back
  static FRAME = 40; // ms between two pictures
  static STROKES = 5; // the strongest, in turn

  constructor(root) {
    this.root = root;
    this.playing = false;
    this.seen = false;
    this.time = 0;
  }

  /** Load the network, take the digit apart, and set the canvas in place of the still picture. */
  async begin() {
    const { network, digit } = this.root.dataset;
    this.net = await explorer.Network.load(network);
    const images = await explorer.images.heldOut("digits");
    this.name = images[Number(digit)].name;
    this.scene = explorer.Scene.decompose(this.net, images[Number(digit)].image);
    const shares = this.scene.shares();
    this.blocks = shares.map((_, i) => i).sort((a, b) => shares[b] - shares[a]).slice(0, explorer.Small.STROKES);
    this.plan = this.blocks.map((block) => ({ block, ...this.mostMoving(block) }));
    this.canvas = Object.assign(document.createElement("canvas"), { width: this.net.size, height: this.net.size });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `${this.name}: its strokes in colours, one moved after another`);
    this.button = Object.assign(document.createElement("button"), { type: "button" });
    this.said = Object.assign(document.createElement("span"), { className: "explorer-hint" });
    const row = Object.assign(document.createElement("div"), { className: "explorer-row" });
    row.append(this.button, this.said);
    this.root.querySelector("img").replaceWith(this.canvas, row);
    this.button.addEventListener("click", () => this.set(!this.playing));
    this.paint(0);
    this.set(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    this.root.dataset.ready = "";
  }

  /** The coordinate of a block that changes its atom most, and its range on training images. */
  mostMoving(block) {
    const { z } = this.scene.blocks[block];
    const effects = this.net.range.map((ends, j) => {
      const [low, high] = ends.map((end) => this.net.g(Float32Array.from(z, (v, i) => (i === j ? end : v))));
      return explorer.energy(low.map((v, p) => v - high[p]));
    });
    const coordinate = effects.indexOf(Math.max(...effects));
    return { coordinate, range: this.net.range[coordinate] };
  }

  /** Play, or stop where it is. */
  set(playing) {
    this.playing = playing;
    this.button.textContent = playing ? "Stop" : "Play";
    if (playing) this.tick();
  }

  tick() {
    clearTimeout(this.timer);
    if (!this.playing || !this.seen || document.hidden) return;
    this.time += explorer.Small.FRAME;
    this.paint(this.time);
    this.timer = setTimeout(() => this.tick(), explorer.Small.FRAME);
  }

  /** The picture at a time: one block's coordinate on its way from its value to an end, to the other, and back. */
  paint(time) {
    const turn = Math.floor(time / explorer.Small.SWEEP) % this.plan.length;
    const part = (time % explorer.Small.SWEEP) / explorer.Small.SWEEP;
    this.scene.blocks.forEach(({ original, z }, i) => z !== original && this.scene.move(i, original));
    const { block, coordinate, range } = this.plan[turn], { original } = this.scene.blocks[block];
    const reach = Math.sin(2 * Math.PI * part), own = original[coordinate];
    const value = own + Math.abs(reach) * (range[reach < 0 ? 0 : 1] - own);
    if (time) this.scene.move(block, Float32Array.from(original, (v, i) => (i === coordinate ? value : v)));
    explorer.picture.tinted(this.canvas, this.scene);
    this.said.textContent = `block ${block + 1}, coordinate ${coordinate + 1} of ${original.length}`;
  }
};

document.querySelectorAll("[data-explorer-small]").forEach((root) => {
  const small = new explorer.Small(root);
  new IntersectionObserver(([entry]) => {
    small.seen = entry.isIntersecting;
    if (!small.seen) return;
    if (small.net) small.tick();
    else if (!small.begun) {
      small.begun = true;
      small.begin().catch(() => root.classList.add("explorer-small-still")); // the picture stays
    }
  }, { rootMargin: "100px" }).observe(root);
  document.addEventListener("visibilitychange", () => small.net && small.button && small.tick());
});
