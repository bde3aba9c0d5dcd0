/* What the explorer consists of. Parts are found by data-part, buttons that do something by data-do. */
"use strict";

explorer.MARKUP = `
<div class="explorer-bar">
  <fieldset class="explorer-choice"><legend>Images</legend>
    <label><input type="radio" name="explorer-data" value="digits" checked><span>Digits</span></label>
    <label><input type="radio" name="explorer-data" value="spikes"><span>Spikes</span></label>
  </fieldset>
  <fieldset class="explorer-choice"><legend>What to do</legend>
    <label><input type="radio" name="explorer-mode" value="look" checked><span>Take apart</span></label>
    <label><input type="radio" name="explorer-mode" value="walk"><span>Walk</span></label>
    <label><input type="radio" name="explorer-mode" value="draw"><span>Draw</span></label>
  </fieldset>
  <fieldset class="explorer-choice explorer-kinds" data-part="kinds"><legend>Network</legend></fieldset>
</div>
<div class="explorer-about">
  <p class="explorer-hint" data-part="about"></p>
  <label class="explorer-check" data-part="inverted-label" hidden>
    <input type="checkbox" data-part="inverted"> dark ink on light paper
  </label>
  <button type="button" data-do="own">Your picture …</button>
  <input type="file" accept="image/*" data-part="file" aria-label="Your picture" hidden>
  <button type="button" data-do="tour" data-part="tour-begin">Tour</button>
</div>
<div class="explorer-tour" data-part="tour" role="group" aria-label="Tour" hidden>
  <p data-part="tour-text" aria-live="polite"></p>
  <button type="button" data-do="tour-on" data-part="tour-on">Next</button>
  <button type="button" data-do="tour-end">End</button>
</div>
<div class="explorer-strip" role="group" aria-label="Held-out images" data-part="from"></div>
<div class="explorer-strip" role="group" aria-label="Held-out images to walk to" data-part="to" hidden></div>
<div class="explorer-own" data-part="own" hidden>
  <p class="explorer-hint" data-part="pad-hint"></p>
  <div class="explorer-row">
    <button type="button" data-do="undo">Undo</button>
    <button type="button" data-do="clear">Clear</button>
    <label class="explorer-check" data-part="centre-label">
      <input type="checkbox" data-part="centre" checked> scale and centre it as the training digits are
    </label>
    <label class="explorer-slider" data-part="height-label">
      <span>height</span><input type="range" data-part="height" step="0.05"><output></output>
    </label>
    <label class="explorer-slider" data-part="noise-label">
      <span>noise</span><input type="range" data-part="noise" min="0" max="0.3" step="0.01" value="0"><output></output>
    </label>
  </div>
</div>
<div class="explorer-stage" data-part="stage">
  <div class="explorer-main">
    <div class="explorer-picture" data-part="picture" tabindex="0" role="application">
      <canvas width="128" height="128" data-part="canvas"></canvas>
      <svg viewBox="0 0 128 128" aria-hidden="true">
        <g data-part="trail"></g><g data-part="marks"></g>
        <path class="explorer-halo" data-part="halo"/><path data-part="outline"/><rect data-part="window" hidden/>
        <g class="explorer-cursor" data-part="cursor"><circle r="4"/><path d="M-7 0H7M0-7V7"/></g>
      </svg>
    </div>
    <p class="explorer-legend" data-part="legend" hidden></p>
    <p class="explorer-status" role="status" aria-live="polite" data-part="status"></p>
    <div class="explorer-row">
      <label class="explorer-check" data-part="view-label">show <select data-part="view">
        <option value="sum">the sum</option><option value="image">the picture</option>
        <option value="left">what is left over</option><option value="moved">what was moved</option>
      </select></label>
      <label class="explorer-check"><input type="checkbox" data-part="tint" checked> tint</label>
      <label class="explorer-check" data-part="truth-label">
        <input type="checkbox" data-part="truth" checked> truth
      </label>
    </div>
  </div>
  <div class="explorer-panel explorer-atoms">
    <h2>Atoms</h2>
    <ol class="explorer-blocks" data-part="blocks"></ol>
    <button type="button" class="explorer-specks" data-part="specks" aria-expanded="false" hidden></button>
    <div class="explorer-row">
      <button type="button" data-do="play" data-part="play">Play the pursuit</button>
      <button type="button" data-do="reset-image">Reset image</button>
      <button type="button" data-do="link">Copy link</button>
    </div>
  </div>
  <div class="explorer-panel explorer-walking" data-part="walk" hidden>
    <h2>The walk</h2>
    <label class="explorer-slider">
      <span>walk</span><input type="range" min="0" max="1" step="0.01" value="0" data-part="t"><output></output>
    </label>
    <div class="explorer-row">
      <button type="button" data-do="stroll">Play</button>
      <label class="explorer-check">pair blocks <select data-part="nearest">
        <option value="1">with the nearest</option><option value="">in their order</option>
      </select></label>
    </div>
    <p class="explorer-hint">Each pair of blocks goes in a straight line through latent space. A block without a partner
      is faded in or out.</p>
  </div>
  <div class="explorer-panel explorer-side" data-part="side">
    <div class="explorer-head"><h2 data-part="chosen"></h2>
      <span data-part="pager" hidden>
        <button type="button" data-do="page-back" aria-label="Coordinates before these">‹</button>
        <span data-part="page"></span>
        <button type="button" data-do="page-on" aria-label="Coordinates after these">›</button>
      </span>
    </div>
    <div data-part="sliders"></div>
    <div class="explorer-row">
      <button type="button" data-do="reset-block" aria-label="Reset block">Reset</button>
      <button type="button" data-do="copy" aria-label="Copy block">Copy</button>
      <button type="button" data-do="paste" aria-label="Paste block">Paste</button>
    </div>
  </div>
</div>
<p class="explorer-hint"><a href="#sec-explore-how">How this was made</a></p>`;
