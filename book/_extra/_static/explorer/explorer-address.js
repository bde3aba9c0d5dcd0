/* The address of the page and what is on show, kept the same. */
"use strict";

explorer.Address = class {
  static PAUSE = 300; // ms after a change, before the address tells it

  constructor(app) {
    this.app = app;
  }

  /** Tell it once the hand rests. */
  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.tell(), explorer.Address.PAUSE);
  }

  /** Put what is on show into the address. */
  tell() {
    const text = explorer.link.write(this.app);
    if (text && this.app.root.dataset.ready !== undefined) history.replaceState(history.state, "", `#${text}`);
  }

  /** What an address says of the page before its network is in use … */
  remember({ data, mode, from, to, t, tint, truth, nearest, spikes, strokes, noise }) {
    const { state, pad } = this.app, { length } = this.app.heldOut[data];
    const whole = (i, or) => (Number.isInteger(i) && i >= 0 && i < length ? i : or);
    const clip = (v, low, high) => Math.max(low, Math.min(high, v));
    Object.assign(state, { data, from: whole(from, 0), to: whole(to, 1), t: clip(t, 0, 1), tint, truth, nearest });
    if (["look", "walk", "draw"].includes(mode)) state.mode = mode;
    for (const name of ["tint", "truth"]) this.app.part(name).checked = state[name];
    this.app.forgetDrawing();
    pad.use(data);
    pad.noise = clip(noise, 0, 0.3);
    if (mode !== "draw") return;
    const inside = ([a, ...place]) => [clip(a, 0, 2), ...pad.inside(place)];
    if (pad.dropping) pad.spikes = spikes.slice(0, explorer.MOST_SPIKES).map(inside);
    else pad.strokes = strokes.map((stroke) => stroke.map((place) => place.map((v) => clip(v, 0, explorer.SIZE - 1))));
  }

  /** … and after. */
  restore({ block, view, off, moved }) {
    const { scene, state, net } = this.app;
    if (scene.steps) scene.reset();
    for (const { i, z } of moved) {
      if (z.length !== net.d0 || i >= scene.blocks.length) continue;
      const held = Float32Array.from(z);
      if (i >= 0) scene.move(i, held);
      else if (scene.blocks.length < explorer.App.MOST_BLOCKS) scene.add(held, net.g(held), true);
    }
    for (const i of off) if (scene.blocks[i]) scene.blocks[i].on = false;
    if (["sum", "image", "left"].includes(view) && scene.image) state.view = view;
    if (block !== null) state.selected = scene.blocks[block] ? block : -1;
    this.app.build();
  }

  /** Give the address to whoever pastes it. */
  async copy() {
    this.tell();
    if (!explorer.link.write(this.app)) return this.app.say("No link can hold this: your own picture stays with you.");
    try {
      await navigator.clipboard.writeText(location.href);
      this.app.say("The link is copied: it opens the page with what you see now.");
    } catch {
      this.app.say("The address above is the link: it opens the page with what you see now.");
    }
  }
};
