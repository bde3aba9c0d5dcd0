/* The hand on the picture: it points at atoms and drags them, or draws and carries spikes. */
"use strict";

explorer.Hand = class {
  static LOST = 0.6; // of what was dragged: with more of it lost, a block goes no further

  constructor(app) {
    this.app = app;
    this.picture = app.part("picture");
    this.grip = null; // { i, atom, peak, by }: the block that is dragged, as it was when it was taken, and how far
    const on = (kind, act, options) => this.picture.addEventListener(kind, act, options);
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) on(kind, (event) => this.release(event));
    on("pointerleave", () => !this.pointer && app.point(-1));
    on("keydown", (event) => (app.state.mode === "draw" ? this.penKey(event) : this.key(event)));
    // a finger on an atom drags it, elsewhere it scrolls the page; on the drawing pad it draws
    on("touchstart", (event) => {
      const { mode } = app.state, place = this.place(event.touches[0]);
      if (mode === "draw" || (mode === "look" && app.scene.at(...place, 6) >= 0)) event.preventDefault();
    }, { passive: false });
  }

  place(event) {
    return explorer.placeIn(this.app.part("canvas"), event);
  }

  reach(event) {
    return event.pointerType === "touch" ? 6 : 3;
  }

  /** Forget what is held: the scene is another one. */
  drop() {
    this.grip = this.pointer = null;
    this.app.pad.end();
  }

  press(event) {
    const { app } = this, { state, pad } = app;
    if (event.button || this.pointer) return;
    const place = this.place(event);
    if (state.mode === "draw") {
      event.preventDefault();
      this.picture.focus({ preventScroll: true });
      this.hold(event);
      app.stop();
      return pad.begin(place, event.pointerType === "touch" ? 9 : 6);
    }
    const i = app.scene.at(...place, this.reach(event));
    app.select(i);
    if (i < 0 || state.mode === "walk") return;
    this.take(i);
    this.start = place;
    this.hold(event);
  }

  hold(event) {
    this.pointer = { id: event.pointerId };
    this.picture.setPointerCapture(event.pointerId);
  }

  move(event) {
    const { app } = this, { pad, state } = app;
    if (!this.pointer) return event.pointerType === "touch" ? undefined : this.hover(event);
    if (event.pointerId !== this.pointer.id) return;
    if (state.mode === "draw") {
      const all = pad.stroke ? event.getCoalescedEvents?.() ?? [] : []; // a fast hand is where no frame was drawn, too
      for (const each of all.length ? all : [event]) pad.extend(this.place(each));
      return this.soon(() => (pad.held >= 0 ? app.carried() : app.stage.paintPicture()));
    }
    const by = this.place(event).map((v, axis) => v - this.start[axis]);
    if (!this.grip.by && Math.hypot(...by) < 1.5) return; // a click whose hand trembles
    this.grip.by = by;
    this.soon(() => this.carry(1));
  }

  hover(event) {
    const { app } = this;
    if (app.state.mode !== "draw") app.point(app.scene.at(...this.place(event), this.reach(event)));
  }

  /** Do it when the next frame is due, once. */
  soon(act) {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.pointer) act();
    });
  }

  release(event) {
    const { app } = this, { pad } = app;
    if (!this.pointer || event.pointerId !== this.pointer.id) return;
    this.pointer = null;
    if (app.state.mode === "draw") {
      const carried = pad.held >= 0, drawn = pad.stroke;
      pad.end();
      if (carried) app.carried();
      else if (drawn) app.decomposeSoon();
    } else if (this.grip?.by) this.carry(6);
  }

  // --- dragging a block --------------------------------------------------------------------------------------------

  /** Take block i as it is now: however far it goes, it is this that is to be drawn. */
  take(i) {
    const { scene } = this.app;
    this.grip = { scene, i, atom: scene.blocks[i].atom, peak: scene.peak(i), by: null };
  }

  /** Bring the block to where the hand is, as well as g can draw it there; where it can no more, it stays. */
  carry(steps) {
    const { app, grip } = this, { scene, net } = app, { i, peak } = grip, { border = 0 } = app.set, { SIZE } = explorer;
    const limit = (by, from) => Math.max(border - from, Math.min(SIZE - 1 - border - from, by));
    grip.by = [limit(grip.by[0], peak.row), limit(grip.by[1], peak.column)];
    const target = explorer.latents.shift(grip.atom, SIZE, ...grip.by);
    const fitted = explorer.latents.fit(net, target, scene.blocks[i].z, steps);
    const off = fitted.error / Math.max(explorer.energy(target), 1e-9);
    const lost = `${explorer.words.percent(Math.min(off, 1))} of it could not be drawn`;
    if (off > explorer.Hand.LOST) return app.say(`Block ${i + 1} goes no further: there, ${lost}.`);
    scene.blocks[i].on = true;
    scene.move(i, fitted.z, fitted.atom);
    app.moved(i);
    const said = off < 0.1 ? "drawn as it was" : `though ${lost} there`;
    app.say(`Block ${i + 1} follows: its ${explorer.words.thing(app.state)} is ${said}.`);
  }

  key(event) {
    const { app } = this, { state, scene } = app, way = explorer.WAYS[event.key];
    if (event.key === "Escape") app.select(-1);
    if (!way) return;
    event.preventDefault();
    if (state.mode === "walk") return;
    if (state.selected < 0) return scene.blocks.length ? app.select(scene.strongest()) : undefined;
    app.stop();
    const i = state.selected, far = event.shiftKey ? 5 : 1, { grip } = this;
    const same = grip && grip.scene === scene && grip.i === i && grip.by && grip.last === scene.blocks[i].z;
    if (!same) this.take(i); // by a slider, or by nothing, it has become what is to be drawn
    const before = this.grip.by ?? [0, 0], { z } = scene.blocks[i];
    this.grip.by = before.map((v, axis) => v + far * way[axis]);
    this.carry(5);
    if (scene.blocks[i].z === z) this.grip.by = before; // it went no further
    this.grip.last = scene.blocks[i].z;
  }

  // --- drawing with keys -------------------------------------------------------------------------------------------

  penKey(event) {
    const { app } = this, { pad } = app, way = explorer.WAYS[event.key];
    if (way) {
      const far = event.shiftKey ? 8 : 2, limit = (v) => Math.max(0, Math.min(explorer.SIZE - 1, v));
      pad.extend(pad.place.map((v, axis) => limit(v + far * way[axis])));
      if (pad.held >= 0) app.carried();
      else app.stage.paintPicture();
    } else if (event.key === " " || event.key === "Enter") {
      if (!event.repeat) this.penDown();
    } else return;
    event.preventDefault();
  }

  penDown() {
    const { app } = this, { pad } = app;
    app.stop();
    if (pad.stroke) {
      pad.end();
      app.decomposeSoon();
    } else if (pad.held >= 0) {
      pad.end();
      app.carried();
    } else pad.begin(pad.place);
  }
};

explorer.WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
