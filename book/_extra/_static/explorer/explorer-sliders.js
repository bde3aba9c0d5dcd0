/* The coordinates of the chosen block: a slider each, under a film strip of what it does. */
"use strict";

explorer.Sliders = class {
  static PAGE = 6; // coordinates on show at a time

  constructor(app) {
    this.app = app;
    this.film = new explorer.Film();
    this.from = 0;
  }

  get block() {
    return this.app.scene.blocks[this.app.state.selected];
  }

  build() {
    const { app, block } = this, { net, state, part, element } = app, { PAGE } = explorer.Sliders;
    const walking = state.mode === "walk", hint = `Click a ${explorer.words.thing(state)} or an atom.`;
    if (this.from >= net.d0) this.from = 0;
    const whole = net.k === 1 ? "" : `Block ${state.selected + 1}: `;
    part("chosen").textContent = block ? `${whole}${net.d0} coordinates` : "No block is chosen";
    part("pager").hidden = !block || net.d0 <= PAGE;
    const last = Math.min(net.d0, this.from + PAGE);
    part("page").textContent = `${this.from + 1}–${last}`;
    app.button("page-back").disabled = this.from === 0;
    app.button("page-on").disabled = last === net.d0;
    for (const name of ["copy", "reset-block"]) app.button(name).disabled = !block || walking;
    const shown = block ? net.order.slice(this.from, last).map((j) => this.slider(j))
      : [element("p", { className: "explorer-hint", textContent: hint })];
    part("sliders").replaceChildren(...shown);
    this.films();
  }

  /** Go on to other coordinates, or back. */
  turnPage(way) {
    const { PAGE } = explorer.Sliders;
    this.from = Math.max(0, Math.min(this.app.net.d0 - 1, this.from + way * PAGE));
    this.build();
    this.paint();
  }

  /** The ends of a slider; a block outside the usual range keeps its value. */
  ends(j) {
    const [low, high] = this.app.net.range[j], { original } = this.block;
    return [Math.min(low, original[j]), Math.max(high, original[j])];
  }

  slider(j) {
    const { element, state } = this.app, { Film } = explorer, [low, high] = this.ends(j);
    const row = element("div", { className: "explorer-coordinate" });
    const strip = element("canvas", { width: Film.FRAMES * Film.SIDE, height: Film.SIDE, ariaHidden: "true" });
    const input = element("input", {
      type: "range", step: "any", disabled: state.mode === "walk",
      ariaLabel: `Coordinate ${j + 1} of block ${state.selected + 1}`,
    });
    Object.assign(input, { min: low, max: high });
    input.dataset.coordinate = j;
    input.addEventListener("input", () => this.app.turn(j, input.valueAsNumber));
    input.addEventListener("keydown", (event) => { // "any" leaves the size of a key's step to the browser: a 100th
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!way) return;
      event.preventDefault();
      input.valueAsNumber += (way * (input.max - input.min)) / 100;
      this.app.turn(j, input.valueAsNumber);
    });
    strip.addEventListener("click", (event) => { // a frame of the film is a value, too
      const box = strip.getBoundingClientRect(), n = Math.floor(((event.clientX - box.left) / box.width) * Film.FRAMES);
      if (!input.disabled) this.app.turn(j, low + ((high - low) * n) / (Film.FRAMES - 1));
    });
    row.append(strip, input, element("output", {}));
    return row;
  }

  /** Set the sliders to the block's latent. */
  paint() {
    const { block } = this;
    for (const input of this.app.part("sliders").querySelectorAll("input")) {
      const value = block.z[input.dataset.coordinate];
      input.valueAsNumber = value;
      input.nextElementSibling.value = explorer.words.signed(value);
      input.ariaValueText = explorer.words.signed(value);
    }
  }

  /** Draw the film strips anew, once the hand rests. */
  films() {
    clearTimeout(this.rest);
    this.film.stop();
    if (!this.block) return;
    this.rest = setTimeout(() => {
      const { block, app } = this;
      if (!block) return;
      const colour = app.state.tint ? app.scene.colours()[app.state.selected] : null;
      const strips = [...app.part("sliders").querySelectorAll(".explorer-coordinate")].map((row) => {
        const j = Number(row.querySelector("input").dataset.coordinate), [low, high] = this.ends(j);
        return { canvas: row.querySelector("canvas"), j, low, high };
      });
      this.film.show(app.net, block.z, strips, colour);
    }, 120);
  }
};
