/* What is on show: building the parts that hang on the scene, and painting what changes. */
"use strict";

explorer.Stage = class {
  /** app: the page (explorer.js). */
  constructor(app) {
    this.app = app;
  }

  build() {
    const { state, net } = this.app, { mode, data } = state, spikes = data === "spikes";
    const show = (name, shown) => { this.app.part(name).hidden = !shown; };
    this.app.part("stage").className = `explorer-stage explorer-${mode}`;
    show("from", mode !== "draw");
    show("to", mode === "walk");
    this.app.part("from").firstChild.hidden = mode !== "walk";
    show("own", mode === "draw");
    show("walk", mode === "walk");
    show("side", mode !== "walk");
    show("view-label", mode !== "walk");
    show("truth-label", spikes && mode !== "walk");
    show("centre-label", !spikes);
    show("height-label", spikes);
    show("noise-label", spikes);
    show("play", net.pursues && mode !== "walk");
    this.app.part("view").value = state.view;
    this.app.part("nearest").value = state.nearest ? "1" : "";
    this.app.part("pad-hint").textContent = spikes
      ? "Click on the picture to drop spikes; drag one, and the blocks hand it over in their colours."
      : "Draw a digit on the picture.";
    this.app.part("picture").ariaLabel = mode === "draw"
      ? "Drawing pad. Arrow keys move the cursor, with Shift farther. Space puts the pen down and lifts it, or drops a spike and lets go of it."
      : "The picture. Arrow keys move what the chosen block draws, with Shift farther; Escape lets go of it.";
    for (const input of this.app.root.querySelectorAll("[type=radio]")) input.checked = input.value === state[input.name.slice(9)];
    this.app.part("about").textContent = explorer.words.about(state.kind, net);
    for (const strip of ["from", "to"])
      this.app.part(strip).querySelectorAll("button").forEach((button, i) => (button.ariaPressed = String(i === state[strip])));
    this.app.blocks.build();
    this.app.sliders.build();
    this.paint();
    this.app.describe();
  }

  buildStrips() {
    for (const strip of ["from", "to"]) {
      const label = this.app.element("span", { textContent: strip, className: "explorer-hint" });
      this.app.part(strip).replaceChildren(label, ...this.app.heldOut[this.app.state.data].map(({ image, name }, i) => {
        const button = this.app.element("button", { type: "button", title: name, ariaLabel: `Image ${i + 1}: ${name}` });
        const canvas = this.app.element("canvas", { width: explorer.SIZE, height: explorer.SIZE });
        explorer.picture.plain(canvas, image);
        button.append(canvas);
        button.addEventListener("click", () => {
          this.app.state[strip] = i;
          if (this.app.state.mode === "walk") this.app.state.t = 0;
          this.app.change();
        });
        return button;
      }));
    }
  }

  /** Which networks there are for these images, and how high spikes can be. */
  buildKinds() {
    const kinds = explorerIndex.models.filter(({ data }) => data === this.app.state.data).map(({ kind }) => kind);
    this.app.part("kinds").replaceChildren(this.app.part("kinds").firstElementChild, ...kinds.map((kind) => {
      const label = this.app.element("label", {}), input = this.app.element("input", { type: "radio", name: "explorer-kind", value: kind });
      input.addEventListener("change", () => this.app.use(this.app.state.data, kind));
      label.append(input, this.app.element("span", { textContent: explorer.words.name(kind) }));
      return label;
    }));
    if (!this.app.set.amplitude) return;
    const [low, high] = this.app.set.amplitude, height = this.app.part("height");
    Object.assign(height, { min: low, max: high });
    height.valueAsNumber = this.app.pad.height = high;
  }

  // --- painting what changes -----------------------------------------------------------------------------------------

  /** Paint the picture, and the atom that has changed: one, or by default all, or `-1` none. */
  paint(only = null) {
    const { state, scene } = this.app, { percent } = explorer.words;
    this.paintPicture();
    this.app.blocks.paint(only);
    if (this.app.sliders.block) this.app.sliders.paint();
    this.app.button("play").disabled = !scene.steps?.length;
    this.app.button("reset-image").disabled = !scene.steps;
    this.app.button("paste").disabled = this.app.state.copied?.net !== this.net || !scene.steps;
    this.app.part("view").disabled = state.step >= 0 || !scene.image;
    this.app.part("view").value = state.step >= 0 ? "left" : state.view;
    const set = (name, value, text) => {
      this.app.part(name).valueAsNumber = value;
      this.app.part(name).nextElementSibling.value = text;
    };
    set("t", state.t, percent(state.t));
    set("height", this.app.pad.height, this.app.pad.height.toFixed(2));
    set("noise", this.app.pad.noise, this.app.pad.noise.toFixed(2));
    this.app.address.soon();
  }

  paintPicture() {
    const { state, scene, pad } = this.app, { picture } = explorer, { step, view, pointed } = state, canvas = this.app.part("canvas");
    if (state.mode === "draw" && pad.stroke) picture.plain(canvas, pad.ink);
    else if (step >= 0) picture.plain(canvas, step ? scene.steps[step - 1].residual : scene.image);
    else if (view === "image" && scene.image) picture.plain(canvas, scene.image);
    else if (view === "left" && scene.image) picture.plain(canvas, scene.residual());
    else if (view === "moved") picture.change(canvas, scene.sum(), this.app.untouched ?? scene.sum());
    else if (pointed >= 0 && scene.blocks[pointed]?.on) picture.lit(canvas, scene, pointed);
    else if (state.tint) picture.tinted(canvas, scene);
    else picture.plain(canvas, scene.sum());
    this.paintOverlay();
  }

  paintOverlay() {
    const { state, scene, pad, net } = this.app, { step, pointed, selected } = state;
    const i = step >= 0 ? -1 : pointed >= 0 ? pointed : selected, alone = scene.blocks.length === 1 && net.k === 1;
    const line = i >= 0 && scene.blocks[i]?.on && !alone ? explorer.picture.outline(scene.blocks[i].atom, explorer.SIZE) : "";
    for (const name of ["halo", "outline"]) this.app.part(name).setAttribute("d", line);
    this.app.part("outline").style.stroke = line ? scene.colours()[i] : "none";
    const drawing = state.mode === "draw", [row, column] = pad.place, cursor = this.app.part("cursor");
    cursor.setAttribute("transform", `translate(${column + 0.5} ${row + 0.5})`);
    cursor.toggleAttribute("hidden", !drawing);
    cursor.classList.toggle("explorer-down", Boolean(pad.stroke) || pad.held >= 0);
    explorer.marks.paint(this.app);
    const looked = step >= 0 ? scene.steps[step] : null, box = this.app.part("window");
    box.toggleAttribute("hidden", !looked);
    if (!looked) return;
    const half = Math.floor(net.window / 2), [y, x] = looked.centre.map((v) => v - half);
    for (const [name, value] of Object.entries({ x, y, width: net.window, height: net.window })) box.setAttribute(name, value);
  }
};
