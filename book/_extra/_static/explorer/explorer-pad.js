/* The pad on which the reader draws a digit or drops spikes, with a pointer or with keys. */
"use strict";

explorer.Pad = class {
  /** element: holds a canvas and an svg for the cursor. changed(): called when there is something new to decompose. */
  constructor(element, changed) {
    this.element = element;
    this.canvas = element.querySelector("canvas");
    this.cursor = element.querySelector(".explorer-cursor");
    this.changed = changed;
    this.strokes = []; // of a digit: lists of [row, column]
    this.spikes = []; // [[amplitude, row, column], …]
    this.place = [64, 64]; // of the cursor that keys move
    this.stroke = null; // the one being drawn
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"])
      element.addEventListener(kind, () => this.pointer !== undefined && this.up());
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Draw for this network from now on. */
  use(net) {
    this.net = net;
    this.up(false);
    this.redraw();
  }

  get dropping() {
    return Boolean(this.net.images.spikes);
  }

  get empty() {
    return !(this.dropping ? this.spikes : this.strokes).length;
  }

  /** The drawing as an image; `centred`: a digit scaled and placed as those of the training are. */
  image(centred) {
    const { size } = this.net;
    if (this.dropping || this.empty || !centred) return this.ink.slice();
    return explorer.pen.draw(explorer.pen.centred(this.strokes, size), size);
  }

  /** Draw all of it anew; while the pen moves, its way is only added. */
  redraw() {
    const { size, images } = this.net;
    this.ink = this.dropping ? explorer.images.spikes(this.spikes, images.sigma) : explorer.pen.draw(this.strokes, size);
    this.paint();
  }

  undo() {
    (this.dropping ? this.spikes : this.strokes).pop();
    this.finish();
  }

  clear() {
    (this.dropping ? this.spikes : this.strokes).length = 0;
    this.finish();
  }

  finish() {
    this.stroke = null;
    this.redraw();
    this.changed();
  }

  paint() {
    explorer.picture.plain(this.canvas, this.ink);
    this.cursor.setAttribute("transform", `translate(${this.place[1] + 0.5} ${this.place[0] + 0.5})`);
    this.cursor.classList.toggle("explorer-down", Boolean(this.stroke));
  }

  // --- with a pointer ----------------------------------------------------------------------------------------------

  down(event) {
    if (event.button || this.pointer !== undefined) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.begin(explorer.placeIn(this.canvas, event, this.net.size));
  }

  move(event) {
    if (event.pointerId !== this.pointer || !this.stroke) return;
    const all = event.getCoalescedEvents?.() ?? []; // a fast hand is where the screen was not yet redrawn, too
    for (const each of all.length ? all : [event]) this.extend(explorer.placeIn(this.canvas, each, this.net.size));
    this.paint();
  }

  up(say = true) {
    const drawn = this.stroke;
    this.pointer = undefined;
    this.stroke = null;
    if (drawn && say) this.finish();
  }

  begin(place) {
    this.place = place;
    if (this.dropping) return this.drop(place);
    this.stroke = [place];
    this.strokes.push(this.stroke);
    explorer.pen.segment(this.ink, this.net.size, place, place);
    this.paint();
  }

  extend(place) {
    const last = this.stroke.at(-1);
    this.place = place;
    if (Math.hypot(place[0] - last[0], place[1] - last[1]) < 1) return;
    this.stroke.push(place);
    explorer.pen.segment(this.ink, this.net.size, last, place);
  }

  /** Add a spike, as far from the border as those of the training are. */
  drop(place) {
    if (this.spikes.length >= this.net.k) return this.changed("full");
    const { border } = this.net.images, inside = (v) => Math.max(border, Math.min(this.net.size - 1 - border, v));
    this.spikes.push([this.height, ...place.map(inside)]);
    this.finish();
  }

  // --- with keys ---------------------------------------------------------------------------------------------------

  key(event) {
    const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key in ways) {
      const far = event.shiftKey ? 8 : 2, limit = (v) => Math.max(0, Math.min(this.net.size - 1, v));
      this.place = this.place.map((v, axis) => limit(v + far * ways[event.key][axis]));
      if (this.stroke) this.extend(this.place);
      this.paint();
    } else if (event.key === " " || event.key === "Enter") {
      if (event.repeat) return event.preventDefault();
      this.stroke ? this.up() : this.begin(this.place);
    } else return;
    event.preventDefault();
  }
};

/** Where an event is on a canvas that shows size × size px: [row, column], held inside. */
explorer.placeIn = (canvas, event, size) => {
  const box = canvas.getBoundingClientRect(), limit = (v) => Math.max(0, Math.min(size - 1, v));
  const scale = (offset, length) => limit((offset / Math.max(length, 1)) * size - 0.5);
  return [scale(event.clientY - box.top, box.height), scale(event.clientX - box.left, box.width)];
};
