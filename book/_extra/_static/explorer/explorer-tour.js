/* A tour of the page in a few steps: each is a link, and what there is to do there. */
"use strict";

explorer.Tour = class {
  static STEPS = [
    ["data=digits&net=*&mode=look",
      "This digit is a sum of atoms, each drawn by the same small decoder from six numbers. Move one of the sliders: "
      + "one stroke follows, and no other."],
    ["data=digits&net=conventional&mode=look",
      "The same digit in a conventional autoencoder: one code, one decoder. Move a slider, then show “what was "
      + "moved”: it is all over the digit."],
    ["data=spikes&net=*&mode=draw&spikes=1,30,30",
      "Drag this spike across the picture. Each block has a territory, and hands the spike over to its neighbour; "
      + "where two meet, both draw it or none."],
    ["data=spikes&net=pursuit&mode=look&from=9",
      "A pursuit looks where most is left, and goes on with the rest. It is told that atoms are local, and so does not "
      + "show that they come by themselves. Play it."],
  ];

  constructor(app) {
    this.app = app;
    this.steps = explorer.Tour.STEPS.flatMap(([link, text]) => {
      const said = explorer.link.read(`#explorer?${link}`);
      const models = explorerIndex.models.filter(({ data }) => data === said.data);
      const model = said.kind === "*" ? models[0] : models.find(({ kind }) => kind === said.kind);
      return model ? [[{ ...said, kind: model.kind }, text]] : [];
    });
  }

  async go(step) {
    const [said, text] = this.steps[(this.step = step)];
    this.show(true);
    this.app.part("tour-text").textContent = `${step + 1} of ${this.steps.length}. ${text}`;
    this.app.part("tour-on").hidden = step + 1 === this.steps.length;
    await this.app.open(said);
  }

  next() {
    return this.go(Math.min(this.step + 1, this.steps.length - 1));
  }

  end() {
    this.show(false);
  }

  show(shown) {
    this.app.part("tour").hidden = !shown;
    this.app.part("tour-begin").parentElement.hidden = shown;
    this.app.part(shown ? "tour-on" : "tour-begin").focus({ preventScroll: true });
  }
};
