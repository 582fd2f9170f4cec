import { unpack, Network, sumOverFrequencies, sumOverChannels, trialsIn, scalp, encodeState, decodeState, asPython } from "./kernel.js";

/** @typedef {Record<string, any>} Data  What `unpack` returns: the header and its arrays. */
/** @typedef {{cutoffs: [number, number, number][], mutedFilters: number[], mutedBands: number[], mutedChannels: number[]}} Edits */
/** @typedef {Record<string, any> & {edits: Edits}} View  What is chosen and edited; it goes into the address of the page. */
/** @typedef {Record<string, any>} Result  What the network decides, with the edits. */

/** @type {Edits} */
export const NO_EDITS = { cutoffs: [], mutedFilters: [], mutedBands: [], mutedChannels: [] };
const ALL = "all";
const CLASS_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#777777"];
// Crameri's vik: signed values, symmetric about zero, legible without colour.
const SIGNED = ["001261", "023376", "06548b", "307da6", "71a8c4", "b3d1df", "ece5e0",
  "e4bfaa", "d39774", "c27041", "a94512", "7e1d06", "590008"].map(hex => [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16)));

// Words and numbers

/** Text in which invisible characters and changes of direction are escaped. @param {unknown} text */
export function visible(text) {
  return String(text).replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu,
    one => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

/** @param {number | null | undefined} value @param {number} digits */
export function numeral(value, digits = 2) {
  if (value == null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size > 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : value.toFixed(Math.max(0, digits - Math.max(0, Math.floor(Math.log10(size || 1)))));
  return text.replace("-", "−");
}

/** @param {number | null} value */
const signed = value => (value != null && value > 0 ? "+" : "") + numeral(value);
/** @param {number | null} value */
const hertz = value => value == null || !Number.isFinite(value) ? "–" : String(Math.round(value * 10) / 10);
/** @param {number | null} low @param {number | null} high */
export const span = (low, high) => low == null && high == null ? "–" : `${hertz(low)}–${hertz(high)}`;
/** @param {number | null} value @param {number} digits */
const percent = (value, digits = 0) => value == null || !Number.isFinite(value) ? "–" : `${(100 * value).toFixed(digits).replace("-", "−")} %`;
/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Row numbers in the order of a column; what is absent comes last. @param {any[]} column @param {boolean} descending */
export function ordered(column, descending) {
  /** @param {any} value */
  const absent = value => value == null || Number.isNaN(value);
  return column.map((_, row) => row).sort((a, b) => {
    const [one, other] = [column[a], column[b]];
    if (absent(one) || absent(other)) return Number(absent(one)) - Number(absent(other)) || a - b;
    const sign = typeof one === "string" ? one.localeCompare(other) : one - other;
    return (descending ? -sign : sign) || a - b;
  });
}

/** One row of an array whose last axis is the longest index left out. @param {{shape: number[], values: any}} array @param {number[]} index */
export function part(array, ...index) {
  const size = array.shape.slice(index.length).reduce((a, b) => a * b, 1);
  const at = index.reduce((sum, one, axis) => sum * array.shape[axis] + one, 0);
  return array.values.subarray(at * size, (at + 1) * size);
}

/** Round numbers between two limits, about as many as asked for. @param {number} low @param {number} high @param {number} most */
export function ticks(low, high, most = 4) {
  const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(one => one * power).find(one => one >= rough) ?? 10 * power;
  const count = Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => (Math.ceil(low / step - 1e-9) + i) * step);
}

/** @param {number} share between -1 and 1 */
export function colour(share) {
  const at = (Math.max(-1, Math.min(1, share || 0)) + 1) / 2 * (SIGNED.length - 1), below = Math.min(Math.floor(at), SIGNED.length - 2);
  return SIGNED[below].map((one, i) => Math.round(one + (SIGNED[below + 1][i] - one) * (at - below)));
}

// What is chosen and edited

/** @param {Edits} edits */
export const isEdited = edits => Object.values(edits).some(list => list.length > 0);

/** @param {Edits} edits */
const asState = edits => ({
  cutoffs: new Map(edits.cutoffs.map(([filter, low, high]) => [filter, [low, high]])),
  mutedFilters: new Set(edits.mutedFilters), mutedBands: new Set(edits.mutedBands), mutedChannels: new Set(edits.mutedChannels),
});

/** Edits with one number more in a list, or one less if it is there. @param {Edits} edits @param {"mutedFilters"|"mutedBands"|"mutedChannels"} list @param {number} index @returns {Edits} */
export function toggled(edits, list, index) {
  const rest = edits[list].filter(one => one !== index);
  return { ...edits, [list]: rest.length < edits[list].length ? rest : [...rest, index].sort((a, b) => a - b) };
}

/** Edits with other cut-offs of a filter; low and high are kept apart and below half the sampling rate. @param {Data} data @param {Edits} edits @param {number} filter @param {number} low @param {number} high @returns {Edits} */
export function withCutoffs(data, edits, filter, low, high) {
  const most = data.sfreq_hz / 2;
  low = Math.max(0.1, Math.min(low, most - 0.5));
  high = Math.max(low + 0.5, Math.min(high, most));
  /** @type {[number, number, number]} */
  const edit = [filter, Math.round(low * 100) / 100, Math.round(high * 100) / 100];
  return { ...edits, cutoffs: [...edits.cutoffs.filter(one => one[0] !== filter), edit].sort((a, b) => a[0] - b[0]) };
}

/** What a page shows first: the filter and the band that count most. @param {Data} data @returns {View} */
export function firstView(data) {
  const share = data.filters.relevance_share ?? data.filters.importance ?? [];
  const known = share.some((/** @type {any} */ one) => one != null);
  const bands = data.arrays.band_relevance;
  const sizes = bands ? data.bands.map((/** @type {any} */ one, /** @type {number} */ at) =>
    one.ranges_hz.length === 1 && one.name !== "other" ? part(bands, 0, at).reduce((/** @type {number} */ a, /** @type {number} */ b) => a + Math.abs(b), 0) : -1) : [];
  const leading = sizes.indexOf(Math.max(...sizes));
  return {
    filter: known ? ordered(share, true)[0] : 0, sort: "number", descending: false, target: 0,
    range_hz: leading >= 0 && sizes[leading] >= 0 ? data.bands[leading].ranges_hz[0] : null, channels: [],
    trials: ALL, trial_sort: "number", trial_descending: false, trial: null,
    epoch: data.history ? data.history.epochs.length - 1 : 0, edits: NO_EDITS,
  };
}

/** A view from the address of the page, where anything can stand: what does not fit the data is left out. @param {Data} data @param {any} found @returns {View} */
export function checkedView(data, found) {
  const view = firstView(data), { arrays } = data;
  if (found == null || typeof found !== "object") return view;
  const counts = { filter: data.filters.number.length, target: data.targets.length, trial: arrays.code?.shape[0] ?? 0, epoch: data.history?.epochs.length ?? 0 };
  /** @param {any} one @param {number} count */
  const within = (one, count) => Number.isInteger(one) && one >= 0 && one < count;
  /** @param {any} list @param {number} count @returns {number[]} */
  const indices = (list, count) => Array.isArray(list) ? [...new Set(list.filter(one => within(one, count)))].sort((a, b) => a - b) : [];
  for (const [key, count] of Object.entries(counts)) if (within(found[key], count)) view[key] = found[key];
  for (const key of ["sort", "trials", "trial_sort"]) if (typeof found[key] === "string") view[key] = found[key];
  for (const key of ["descending", "trial_descending"]) if (typeof found[key] === "boolean") view[key] = found[key];
  if (found.range_hz === null) view.range_hz = null;
  else if (Array.isArray(found.range_hz) && found.range_hz.length === 2 && found.range_hz.every(Number.isFinite) && found.range_hz[0] < found.range_hz[1]) view.range_hz = found.range_hz;
  view.channels = indices(found.channels, data.ch_names.length);
  const edits = found.edits ?? {};
  if (data.can_recompute) {
    view.edits = {
      ...NO_EDITS, mutedFilters: indices(edits.mutedFilters, counts.filter),
      mutedBands: indices(edits.mutedBands, data.bands.length), mutedChannels: indices(edits.mutedChannels, data.ch_names.length),
    };
    for (const one of data.can_edit_cutoffs && Array.isArray(edits.cutoffs) ? edits.cutoffs : [])
      if (Array.isArray(one) && within(one[0], counts.filter) && Number.isFinite(one[1]) && Number.isFinite(one[2])) view.edits = withCutoffs(data, view.edits, one[0], one[1], one[2]);
  }
  return view;
}

/** The unedited decisions, from what was measured, where the network cannot be computed here. @param {Data} data @returns {Result | null} */
export function measuredResult(data) {
  const { code, predicted, scores } = data.arrays, count = data.class_names.length;
  if (!code || !predicted) return null;
  const confusion = new Float64Array(count * count);
  let right = 0;
  code.values.forEach((/** @type {number} */ one, /** @type {number} */ trial) => {
    if (one >= 0) confusion[one * count + predicted.values[trial]] += 1;
    right += Number(one === predicted.values[trial]);
  });
  return { scores: scores?.values, predicted: predicted.values, accuracy: right / code.shape[0], ci_low: null, ci_high: null, confusion, changed: [] };
}

/** Whose bands and channels spoke for the wrong class, the largest first. @param {Data} data @param {number} trial @param {number} decided @returns {{band: number, channel: number, value: number}[]} */
export function misleading(data, trial, decided) {
  const relevance = data.arrays.trial_relevance, truth = data.arrays.code.values[trial];
  /** @param {number} which */
  const sign = which => {
    const [one, other] = data.target_classes?.[which] ?? [null, null];
    return one === decided || other === truth && other !== null ? 1 : one === truth || other === decided && other !== null ? -1 : 0;
  };
  const [, targets, bands, channels] = relevance.shape, total = new Float64Array(bands * channels);
  for (let target = 0; target < targets; target++) {
    const of = sign(target);
    if (of) part(relevance, trial, target).forEach((/** @type {number} */ one, /** @type {number} */ at) => { total[at] += of * one; });
  }
  return ordered([...total], true).filter(at => total[at] > 0).map(at => ({ band: Math.floor(at / channels), channel: at % channels, value: total[at] }));
}

// Elements

/** An element; text becomes text, never markup. @param {string} tag "svg:" before the elements of a drawing @param {Record<string, any>} properties @param {...any} children @returns {any} */
function make(tag, properties = {}, ...children) {
  const element = tag.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "checked" || name === "value") /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value === true ? "" : visible(value));
  }
  element.append(...children.flat(3).filter(one => one != null && one !== false).map(one => one instanceof Node ? one : visible(one)));
  return element;
}

/** A button that stays pressed. @param {string} key @param {any} label @param {boolean} pressed @param {() => void} onclick @param {Record<string, any>} more */
const toggle = (key, label, pressed, onclick, more = {}) =>
  make("button", { type: "button", "data-key": key, "aria-pressed": String(pressed), onclick, ...more }, label);

/** Follow the pointer until it is released, wherever it goes. @param {PointerEvent} event @param {(event: PointerEvent) => void} onmove @param {() => void} ondone */
function follow(event, onmove, ondone = () => {}) {
  event.preventDefault();
  const done = () => {
    removeEventListener("pointermove", onmove);
    for (const name of ["pointerup", "pointercancel"]) removeEventListener(name, done);
    ondone();
  };
  addEventListener("pointermove", onmove);
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, done);
}

/** Frequencies on paper: even at the low end, by octaves above. @param {number} width @param {number} most */
function frequencyAxis(width, most) {
  const bend = 6, end = Math.asinh(most / bend), left = 6, inner = width - 12;
  return {
    at: (/** @type {number} */ hz) => left + inner * Math.asinh(Math.max(0, Math.min(hz, most)) / bend) / end,
    hz: (/** @type {number} */ x) => bend * Math.sinh(Math.max(0, Math.min(1, (x - left) / inner)) * end),
    ticks: [0, 4, 8, 13, 20, 30, 45, 80, 120, 250, 500].filter(one => one <= most),
  };
}

/** The axis of frequencies under a drawing. @param {ReturnType<typeof frequencyAxis>} axis @param {number} height */
const frequencyTicks = (axis, height) => axis.ticks.map((hz, at) => make("svg:text",
  { class: "tick", x: axis.at(hz), y: height - 4, "text-anchor": at === 0 ? "start" : "middle" }, at === axis.ticks.length - 1 ? `${hz} Hz` : hz));

/** @param {ArrayLike<number>} xs @param {(at: number) => number} y */
const line = (xs, y) => Array.from(xs, (x, at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y(at).toFixed(1)}`).join("");

/** Values as bars to the right and left of zero; `stacked` bars begin where the one before ends. @param {{key?: string, label: any, value: number, onclick?: () => void, current?: boolean}[]} rows @param {string} caption @param {boolean} stacked */
function bars(rows, caption, stacked = false) {
  let sum = 0;
  const ends = rows.map(row => { const from = stacked ? sum : 0; sum = from + row.value; return [from, sum]; });
  const low = Math.min(0, ...ends.flat()), high = Math.max(0, ...ends.flat(), low + 1e-12), at = (/** @type {number} */ value) => 100 * (value - low) / (high - low);
  return make("table", { class: "bars" }, make("caption", {}, caption), make("tbody", {}, rows.map((row, index) => {
    const bar = make("span", { class: row.value < 0 ? "bar negative" : "bar positive" }), zero = make("span", { class: "zero" });
    bar.style.left = `${at(Math.min(...ends[index]))}%`;
    bar.style.width = `${Math.max(0.4, at(Math.max(...ends[index])) - at(Math.min(...ends[index])))}%`;
    zero.style.left = `${at(0)}%`;
    const label = row.onclick ? make("button", { type: "button", class: "link", "data-key": row.key, onclick: row.onclick }, row.label) : row.label;
    return make("tr", { class: row.current ? "current" : null }, make("th", { scope: "row" }, label), make("td", { class: "track", "aria-hidden": "true" }, zero, bar), make("td", { class: "number" }, signed(row.value)));
  })));
}

// The network, in a worker where that is allowed

/** @param {Data} data @param {string} text the module's own @param {(engine: {apply: (state: any) => Promise<Result>}) => void} ready */
function startNetwork(data, text, ready) {
  const inPage = () => { const network = new Network(data); ready({ apply: async state => withFilterScores(network, state) }); };
  let started = false;
  try {
    if (!text) throw new Error("no text");
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" })), worker = new Worker(url);
    /** @type {((result: Result) => void)[]} */
    const waiting = [];
    worker.onerror = event => { event.preventDefault(); if (!started) { started = true; inPage(); } };
    worker.onmessage = ({ data: answer }) => {
      if (answer !== "ready") return waiting.shift()?.(answer);
      started = true;
      URL.revokeObjectURL(url);
      ready({ apply: state => new Promise(resolve => { waiting.push(resolve); worker.postMessage({ state }); }) });
    };
    worker.postMessage({ data });
  } catch { inPage(); }
}

/** @param {any} network @param {any} state @returns {Result} */
const withFilterScores = (network, state) => ({ ...network.apply(state), filter_scores: network.filterScores?.() });

/** What the worker does, where this text runs as one. @param {any} worker */
function serve(worker) {
  /** @type {any} */
  let network = null;
  worker.onmessage = (/** @type {any} */ { data: asked }) => {
    if (asked.data) { network = new Network(asked.data); worker.postMessage("ready"); }
    else worker.postMessage(withFilterScores(network, asked.state));
  };
}

// The page

class Explorer {
  /** @param {HTMLElement} root @param {Data} data @param {string} text @param {boolean} ownsAddress */
  constructor(root, data, text, ownsAddress) {
    this.root = root;
    this.data = data;
    this.ownsAddress = ownsAddress;
    this.axis_hz = data.arrays.frequencies_hz ? Math.max(...data.arrays.frequencies_hz.values) : data.sfreq_hz / 2;
    this.view = checkedView(data, ownsAddress ? decodeState(location.hash.slice(1)) : null);
    /** @type {Edits[]} */ this.past = [];
    /** @type {Edits[]} */ this.future = [];
    this.base = measuredResult(data);
    this.result = this.base;
    /** @type {{apply: (state: any) => Promise<Result>} | null} */ this.engine = null;
    this.busy = false;
    this.stale = false;
    this.code = "";
    /** @type {Record<string, {place: HTMLElement, seen: any[]}>} */ this.panels = {};
    this.frame = 0;
    this.build();
    if (data.can_recompute) startNetwork(data, text, async engine => {
      this.base = await engine.apply(asState(NO_EDITS));
      this.result = this.base;
      this.engine = engine;
      this.compute();
      this.later();
    });
  }

  /** Lay out the panels once; what is in them is drawn by `draw`. */
  build() {
    const names = ["head", "bar", "filters", "card", "spectrum", "scalp", "trials", "trial", "edits", "training"];
    for (const name of names) {
      const place = make(name === "head" || name === "bar" ? "div" : "section", { class: `panel ${name}` });
      this.panels[name] = { place, seen: [] };
    }
    const grid = make("div", { class: "grid" }, names.slice(2).map(name => this.panels[name].place));
    this.status = make("p", { class: "status", role: "status", "aria-live": "polite" });
    this.root.replaceChildren(make("div", { class: "explorer" }, this.panels.head.place, this.panels.bar.place, grid));
    this.root.addEventListener("keydown", event => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      if (event.shiftKey) this.redo(); else this.undo();
    });
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) < 1) return;
      width = entry.contentRect.width;
      this.later();
    }).observe(this.root);
    if (this.ownsAddress) addEventListener("hashchange", () => {
      const found = decodeState(location.hash.slice(1));
      if (found) { this.view = checkedView(this.data, found); this.compute(); this.later(); }
    });
    this.draw();
  }

  /** @param {Record<string, any>} changes */
  set(changes) {
    this.view = { ...this.view, ...changes };
    this.later();
    if (!this.ownsAddress) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => history.replaceState(null, "", "#" + encodeState(this.view)), 200);
  }

  /** @param {Edits} edits @param {boolean} oneStep false while the pointer moves: the whole way is one step back */
  edit(edits, oneStep = true) {
    if (JSON.stringify(edits) === JSON.stringify(this.view.edits)) return;
    if (oneStep) this.remember(this.view.edits);
    this.code = "";
    this.set({ edits });
    this.compute();
  }

  /** @param {Edits} edits what an undo comes back to */
  remember(edits) { this.past = [...this.past, edits].slice(-200); this.future = []; }

  undo() { const edits = this.past.pop(); if (edits) { this.future.push(this.view.edits); this.edit(edits, false); } }
  redo() { const edits = this.future.pop(); if (edits) { this.past.push(this.view.edits); this.edit(edits, false); } }

  /** Ask for what the edited network decides; edits that come meanwhile are computed together. */
  async compute() {
    if (!this.engine || this.busy) { this.stale = this.busy; return; }
    this.busy = true;
    this.result = await this.engine.apply(asState(this.view.edits));
    this.busy = false;
    if (this.stale) { this.stale = false; this.compute(); }
    this.later();
  }

  later() { cancelAnimationFrame(this.frame); this.frame = requestAnimationFrame(() => this.draw()); }

  draw() {
    const { view, result } = this, width = Math.round(this.root.clientWidth);
    const focused = this.root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : null;
    const one = (/** @type {string} */ name, /** @type {any[]} */ on, /** @type {() => any[]} */ show) => {
      const panel = this.panels[name], seen = [width, ...on];
      if (panel.seen.length && seen.every((value, at) => Object.is(value, panel.seen[at]))) return;
      panel.seen = seen;
      const children = show();
      panel.place.hidden = children.length === 0;
      const tops = [...panel.place.querySelectorAll(".scroll")].map(one => one.scrollTop);
      panel.place.replaceChildren(...children);
      panel.place.querySelectorAll(".scroll").forEach((one, at) => { one.scrollTop = tops[at] ?? 0; });
    };
    one("head", [], () => this.head());
    one("bar", [view.edits, result, this.engine, this.code, this.past.length, this.future.length], () => this.bar());
    one("filters", [view.sort, view.descending, view.filter, view.edits], () => this.filters());
    one("card", [view.filter, view.edits, view.target, result], () => this.card());
    one("spectrum", [view.range_hz, view.channels, view.target], () => this.spectrum());
    one("scalp", [view.range_hz, view.channels, view.target, view.edits], () => this.scalp());
    one("trials", [view.trials, view.trial_sort, view.trial_descending, view.trial, view.range_hz, view.target, result], () => this.trials());
    one("trial", [view.trial, view.target, view.channels, result], () => this.trial());
    one("edits", [view.edits, result, view.trial], () => this.edits());
    one("training", [view.epoch, view.filter], () => this.training());
    if (focused != null) /** @type {HTMLElement | null} */ (this.root.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  // What everything begins with

  head() {
    const { data } = this, { accuracy } = data;
    return [
      make("h2", {}, data.title),
      make("p", { class: data.readable ? "verdict" : "verdict unreadable" }, data.verdict),
      make("p", { class: "facts" }, [accuracy?.words, data.trials_words && `Shown here: ${data.trials_words}`, data.held_out_words]
        .filter(Boolean).map(words => make("span", {}, words))),
    ];
  }

  bar() {
    const { data, view, result, base } = this, edited = isEdited(view.edits);
    if (!result || !base) return [];
    const { accuracy, ci_low, ci_high } = result, chance = data.accuracy?.chance ?? 1 / data.class_names.length;
    const words = [
      make("strong", {}, percent(accuracy, 1)), ci_low == null ? "" : ` [${percent(ci_low)}, ${percent(ci_high)}]`,
      edited ? `, before ${percent(base.accuracy, 1)}; ${counted(result.changed.length, "decision")} changed` : " of the trials shown",
    ];
    const text = words.map(one => one instanceof Node ? one.textContent : one).join("");
    if (this.status.textContent !== `Accuracy ${text}`) this.status.replaceChildren("Accuracy ", ...words);
    const mark = (/** @type {number} */ value, /** @type {string} */ name) => { const one = make("span", { class: name }); one.style.left = `${100 * value}%`; return one; };
    const gauge = make("div", { class: "gauge", "aria-hidden": "true" }, mark(chance, "chance"), edited && mark(base.accuracy, "before"), mark(accuracy, "now"));
    if (ci_low != null) { const reach = mark(ci_low, "reach"); reach.style.width = `${100 * (ci_high - ci_low)}%`; gauge.prepend(reach); }
    const buttons = data.can_recompute ? make("div", { class: "buttons" },
      make("button", { type: "button", "data-key": "undo", disabled: !this.past.length, onclick: () => this.undo() }, "Undo"),
      make("button", { type: "button", "data-key": "redo", disabled: !this.future.length, onclick: () => this.redo() }, "Redo"),
      make("button", { type: "button", "data-key": "reset", disabled: !edited, onclick: () => this.edit(NO_EDITS) }, "Reset"),
      make("button", { type: "button", "data-key": "python", onclick: () => this.copy() }, "Copy as Python")) : null;
    return [
      make("div", { class: edited ? "line edited" : "line" }, make("span", { class: "badge" }, edited ? "Edited network" : "Network as trained"), this.status, gauge,
        make("span", { class: "chance-words" }, `chance ${percent(chance)}`), buttons),
      !data.can_recompute && make("p", { class: "note" }, `The network cannot be computed on this page, so nothing can be edited. ${data.why_not ?? ""}`),
      this.code && make("div", { class: "code" }, make("p", {}, this.copied), make("pre", { tabindex: "0", "aria-label": "Python" }, this.code)),
    ].filter(Boolean);
  }

  async copy() {
    this.code = asPython(this.data, asState(this.view.edits));
    try { await navigator.clipboard.writeText(this.code); this.copied = "Copied. It reproduces this network and what it decides:"; }
    catch { this.copied = "This reproduces this network and what it decides:"; }
    this.later();
  }

  // Filters

  /** @param {number} filter */
  cutoffs(filter) {
    const { filters } = this.data, edit = this.view.edits.cutoffs.find(one => one[0] === filter);
    return edit ? [edit[1], edit[2]] : [filters.nominal_low_hz[filter], filters.nominal_high_hz[filter]];
  }

  /** @param {"mutedFilters" | "mutedBands" | "mutedChannels"} list @param {number} index @param {string} name @param {string} key */
  mute(list, index, name, key) {
    const muted = this.view.edits[list].includes(index);
    return toggle(key, muted ? "Muted" : "Mute", muted, () => this.edit(toggled(this.view.edits, list, index)), { class: "mute", "aria-label": `Mute ${name}` });
  }

  /** A button in the head of a table that sorts by its column. @param {string} key @param {any} label @param {string} sort @param {string} way @param {string} title */
  sorter(key, label, sort, way, title = "") {
    const active = this.view[sort] === key, descending = this.view[way];
    return make("th", { scope: "col", class: `column-${key}`, "aria-sort": active ? descending ? "descending" : "ascending" : "none" },
      make("button", { type: "button", "data-key": `${sort}-${key}`, title: title || null,
        onclick: () => this.set({ [sort]: key, [way]: active ? !descending : !["number", "rhythm", "peak_hz", "nominal_low_hz"].includes(key) }) },
      label, make("span", { "aria-hidden": "true", class: "arrow" }, active ? descending ? " ▾" : " ▴" : "")));
  }

  filters() {
    const { data, view } = this, { filters } = data, most = Math.min(data.sfreq_hz / 2, Math.max(...filters.nominal_high_hz, 40) * 1.1);
    const axis = frequencyAxis(150, most);
    /** @type {[string, any, string, (filter: number) => any][]} */
    const columns = [
      ["number", "Filter", "", f => make("button", { type: "button", class: "link", "data-key": `filter-${f}`, "aria-current": f === view.filter ? "true" : null, onclick: () => this.set({ filter: f }) }, filters.number[f])],
      ["rhythm", "Rhythm", "The band in which its response peaks", f => filters.rhythm[f] ?? "–"],
      ["nominal_low_hz", "Nominal, Hz", "Its cut-offs", f => span(filters.nominal_low_hz[f], filters.nominal_high_hz[f])],
      ["measured_low_hz", "Measured, Hz", "Where its response is above half of its power", f => span(filters.measured_low_hz[f], filters.measured_high_hz[f])],
      ["peak_hz", "Peak, Hz", "Where its response is largest", f => hertz(filters.peak_hz[f])],
      ["importance", "Importance", data.importance_words ?? "How much it moves the scores", f => numeral(filters.importance[f])],
      ["relevance_share", "Relevance", "Its share of the relevance of all filters", f => percent(filters.relevance_share[f])],
      ["drift_hz", "Drift, Hz", "How far its cut-offs moved in training", f => numeral(filters.drift_hz[f])],
    ];
    const shown = columns.filter(([key]) => filters[key]?.some((/** @type {any} */ one) => one != null));
    const by = filters[view.sort] ? view.sort : "number";
    const picture = (/** @type {number} */ f) => make("svg:svg", { class: "strip", width: 150, height: 16, viewBox: "0 0 150 16", "aria-hidden": "true" },
      axis.ticks.map(hz => make("svg:line", { class: "grid-line", x1: axis.at(hz), x2: axis.at(hz), y1: 0, y2: 16 })),
      filters.measured_low_hz[f] != null && make("svg:rect", { class: "measured", x: axis.at(filters.measured_low_hz[f]), width: axis.at(filters.measured_high_hz[f] ?? most) - axis.at(filters.measured_low_hz[f]), y: 9, height: 4 }),
      make("svg:rect", { class: "nominal", x: axis.at(this.cutoffs(f)[0]), width: Math.max(2, axis.at(this.cutoffs(f)[1]) - axis.at(this.cutoffs(f)[0])), y: 3, height: 4 }));
    const rows = ordered(filters[by], view.descending).map(f => make("tr", { class: f === view.filter ? "current" : null, onclick: () => this.set({ filter: f }) },
      shown.map(([key, , , cell]) => make("td", { class: `column-${key}` }, cell(f))), make("td", { class: "column-strip" }, picture(f)),
      data.can_recompute && make("td", { class: "column-mute" }, this.mute("mutedFilters", f, `filter ${filters.number[f]}`, `mute-filter-${f}`))));
    return [
      make("h3", {}, "Filters"),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of filters" }, make("table", { class: "sortable" }, make("thead", {}, make("tr", {},
        shown.map(([key, label, title]) => this.sorter(key, label, "sort", "descending", title)),
        make("th", { scope: "col", class: "column-strip" }, make("span", { class: "swatch nominal" }), "nominal ", make("span", { class: "swatch measured" }), "measured"),
        data.can_recompute && make("th", { scope: "col" }, "Without"))), make("tbody", {}, rows))),
    ];
  }

  card() {
    const { data, view, result } = this, f = view.filter, { filters, arrays } = data, number = filters.number[f], muted = view.edits.mutedFilters.includes(f);
    const [low, high] = this.cutoffs(f), edited = view.edits.cutoffs.some(one => one[0] === f);
    const facts = [
      ["nominal", `${span(filters.nominal_low_hz[f], filters.nominal_high_hz[f])} Hz`], ["measured", `${span(filters.measured_low_hz[f], filters.measured_high_hz[f])} Hz`],
      ["peak", `${hertz(filters.peak_hz[f])} Hz`], ["relevance", percent(filters.relevance_share?.[f])], ["importance", numeral(filters.importance?.[f])], ["drift", `${numeral(filters.drift_hz?.[f])} Hz`],
    ].filter(([, value]) => !value.startsWith("–"));
    const units = arrays.spatial ? arrays.spatial.shape[1] : 0, findings = data.findings.filter((/** @type {any} */ one) => one.filters?.includes(number));
    const maps = [];
    for (let unit = 0; unit < Math.min(units, 4); unit++) for (const [name, of] of [["weights", arrays.spatial], ["pattern", arrays.patterns]])
      if (of) maps.push(this.map(part(of, f, unit), units > 1 ? `${name}, unit ${unit + 1}` : name));
    const relevance = arrays.filter_relevance ? data.targets.map((/** @type {string} */ name, /** @type {number} */ target) => this.map(part(arrays.filter_relevance, target, f), name)) : [];
    return [
      make("div", { class: "title" }, make("h3", {}, `Filter ${number}`, filters.rhythm[f] ? `, ${filters.rhythm[f]}` : ""),
        data.can_recompute && toggle("card-mute", muted ? `Muted: bring filter ${number} back` : `Mute filter ${number}`, muted, () => this.edit(toggled(view.edits, "mutedFilters", f)), { class: "mute" })),
      make("dl", { class: "values" }, facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))),
      this.response(f, low, high, edited),
      data.can_edit_cutoffs && make("div", { class: "inputs" }, this.hertzInput("cut-low", "Low cut-off, Hz", low, value => this.edit(withCutoffs(data, view.edits, f, value, high))),
        this.hertzInput("cut-high", "High cut-off, Hz", high, value => this.edit(withCutoffs(data, view.edits, f, low, value))),
        edited && make("button", { type: "button", "data-key": "cut-reset", onclick: () => this.edit({ ...view.edits, cutoffs: view.edits.cutoffs.filter(one => one[0] !== f) }) }, `Back to ${span(filters.nominal_low_hz[f], filters.nominal_high_hz[f])} Hz`)),
      maps.length > 0 && make("h4", {}, "Where on the scalp"), make("div", { class: "maps" }, maps),
      relevance.length > 0 && make("div", { class: this.guarded() }, make("h4", {}, "Relevance of this filter"), this.verdict(), make("div", { class: "maps" }, relevance)),
      this.speaks(f, result),
      findings.map((/** @type {any} */ one) => make("div", { class: `finding ${one.severity}` }, make("p", {}, one.message), make("p", {}, one.remedy))),
    ].flat().filter(Boolean);
  }

  /** What the filter lets through; its cut-offs can be dragged. @param {number} f @param {number} low @param {number} high @param {boolean} edited */
  response(f, low, high, edited) {
    const { data } = this, { response_hz, response_db } = data.arrays, { filters } = data;
    if (!response_hz) return null;
    const width = this.inner("card"), height = 150, base = height - 20, floor = -40, hz = response_hz.values;
    const axis = frequencyAxis(width, hz[hz.length - 1]), xs = Array.from(hz, (/** @type {number} */ one) => axis.at(one));
    const y = (/** @type {number} */ db) => 8 + (base - 8) * Math.min(1, Math.max(0, db / floor)), band = (/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ top, /** @type {number} */ tall) =>
      make("svg:rect", { class: name, x: axis.at(from), width: Math.max(1, axis.at(to) - axis.at(from)), y: top, height: tall });
    const values = part(response_db, f), now = edited && this.network ? this.network.response_db(f, low, high) : null;
    const drawing = make("svg:svg", { class: "drawing", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Response of filter ${filters.number[f]}: nominal ${span(low, high)} Hz` },
      [0, -20].map(db => [make("svg:line", { class: "grid-line", x1: 0, x2: width, y1: y(db), y2: y(db) }), make("svg:text", { class: "tick", x: width - 2, y: y(db) + 11, "text-anchor": "end" }, `${numeral(db, 0)} dB`)]),
      band("nominal-band", low, high, 8, base - 8),
      filters.measured_low_hz[f] != null && band("measured", filters.measured_low_hz[f], filters.measured_high_hz[f] ?? hz[hz.length - 1], base - 4, 4),
      make("svg:path", { class: edited ? "curve was" : "curve", d: line(xs, at => y(values[at])) }), now && make("svg:path", { class: "curve", d: line(xs, at => y(now[at])) }),
      frequencyTicks(axis, height),
      data.can_edit_cutoffs && [low, high].map(one => make("svg:g", { class: "handle" }, make("svg:line", { x1: axis.at(one), x2: axis.at(one), y1: 8, y2: base }), make("svg:circle", { cx: axis.at(one), cy: base / 2, r: 6 }))));
    if (data.can_edit_cutoffs) drawing.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const left = drawing.getBoundingClientRect().left, at = () => this.cutoffs(f), start = axis.hz(event.clientX - left), before = this.view.edits;
      const which = Math.abs(axis.at(low) - axis.at(start)) <= Math.abs(axis.at(high) - axis.at(start)) ? 0 : 1;
      follow(event, moved => {
        const to = axis.hz(moved.clientX - left), [a, b] = at();
        this.edit(withCutoffs(data, this.view.edits, f, which ? a : Math.min(to, b - 0.5), which ? Math.max(to, a + 0.5) : b), false);
      }, () => { if (this.view.edits !== before) this.remember(before); this.later(); });
    });
    return drawing;
  }

  /** The trials in which a filter moves the decision most, from its exact part of the scores. @param {number} f @param {Result | null} result */
  speaks(f, result) {
    const { data, view } = this, classes = data.target_classes?.[view.target], shares = this.base?.filter_scores;
    if (!shares || !classes || !result || view.edits.mutedFilters.includes(f)) return null;
    const count = data.filters.number.length, total = data.class_names.length, [one, other] = classes;
    const of = (/** @type {number} */ trial, /** @type {number} */ target) => shares[(trial * total + target) * count + f];
    const values = Array.from(data.arrays.code.values, (_, trial) => of(trial, one) - (other == null ? 0 : of(trial, other)));
    const order = ordered(values, true), name = this.speaksFor(view.target);
    const list = (/** @type {number[]} */ trials) => trials.map(trial => this.trialLink(trial, "card", signed(values[trial])));
    return make("div", {}, make("h4", {}, "What it adds to the scores"), make("p", { class: "small" }, `Most for ${name[0]}: `, list(order.slice(0, 4)), make("br"), `most ${name[1]}: `, list(order.slice(-4).reverse()),
      isEdited(view.edits) ? " (network as trained)" : ""));
  }

  /** @param {number} trial @param {string} where @param {string} more */
  trialLink(trial, where, more = "") {
    const number = this.data.arrays.trial_number?.values[trial] ?? trial;
    return make("button", { type: "button", class: "link trial-link", "data-key": `${where}-trial-${trial}`, "aria-label": `Trial ${number}${more ? `, ${more}` : ""}`, onclick: () => this.set({ trial }) }, `${number}${more ? ` (${more})` : ""}`);
  }

  /** What positive and negative values speak for. @param {number} target */
  speaksFor(target) {
    const { target_classes, class_names, targets } = this.data, [one, other] = target_classes?.[target] ?? [null, null];
    return [one == null ? targets[target] : class_names[one], other == null ? `against ${one == null ? "it" : class_names[one]}` : `for ${class_names[other]}`];
  }

  guarded() { return this.data.readable ? "relevance" : "relevance guarded"; }
  verdict() { return this.data.readable ? null : make("p", { class: "verdict unreadable" }, this.data.verdict); }
  /** @param {string} panel */
  inner(panel) { const place = this.panels[panel].place, style = getComputedStyle(place); return Math.max(200, Math.floor(place.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight))) || 320; }

  /** @param {string} key @param {string} label @param {number} value @param {(value: number) => void} change */
  hertzInput(key, label, value, change) {
    return make("label", {}, label, make("input", { type: "number", "data-key": key, step: "0.5", min: "0", max: String(Math.floor(this.data.sfreq_hz / 2)), value: hertz(value),
      onchange: (/** @type {any} */ event) => { const asked = event.target.valueAsNumber; if (Number.isFinite(asked)) change(asked); else this.later(); } }));
  }

  // Scalp

  /** A small map with its name and scale. @param {ArrayLike<number>} values @param {string} name */
  map(values, name) {
    const most = Math.max(...Array.from(values, Math.abs)) || 1;
    return make("figure", {}, this.drawnMap(values, most, 132, `${name}: largest at ${this.data.ch_names[ordered(Array.from(values, Math.abs), true)[0]]}`), make("figcaption", {}, name));
  }

  /** The colours of a map on the outline of a head. @param {ArrayLike<number>} values @param {number} most @param {number} size @param {string | null} label @param {any} over */
  drawnMap(values, most, size, label, over = null) {
    const { positions } = this.data.arrays, scale = size / 2.5, at = (/** @type {number} */ x) => size / 2 + scale * x;
    const canvas = make("canvas", { width: 2 * size, height: 2 * size, "aria-hidden": "true" });
    if (this.data.arrays.topomap) paint(canvas, scalp(this.data, values), this.data.topomap_size ?? 32, most);
    const outline = make("svg:svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}`, ...(label ? { role: "img", "aria-label": label } : {}) },
      make("svg:path", { class: "head-line", d: `M${at(-0.12)} ${at(-0.99)}L${at(0)} ${at(-1.14)}L${at(0.12)} ${at(-0.99)}` }), make("svg:circle", { class: "head-line", cx: at(0), cy: at(0), r: scale }),
      [-1, 1].map(side => make("svg:path", { class: "head-line", d: `M${at(side * 0.99)} ${at(-0.15)}Q${at(side * 1.12)} ${at(0)} ${at(side * 0.99)} ${at(0.15)}` })),
      over ?? (positions ? Array.from(values, (_, channel) => make("svg:circle", { class: "dot", cx: at(positions.values[2 * channel]), cy: at(-positions.values[2 * channel + 1]), r: size > 200 ? 2 : 1.1 })) : null));
    const place = make("div", { class: "head-map" }, canvas, outline);
    place.style.width = place.style.height = `${size}px`;
    return place;
  }

  /** Sums of the relevance in the chosen frequencies for every channel, with intervals where these are those of a band. */
  channelSums() {
    const { data, view } = this, [low, high] = view.range_hz ?? [0, Infinity], { band_ci_low, band_ci_high, band_p } = data.arrays;
    const band = data.bands.findIndex((/** @type {any} */ one) => one.ranges_hz.length === 1 && view.range_hz && one.ranges_hz[0][0] === low && (one.ranges_hz[0][1] === high || (one.ranges_hz[0][1] ?? Infinity) > this.axis_hz && high >= this.axis_hz));
    const values = sumOverFrequencies(data, view.target, low, high);
    const of = (/** @type {any} */ array) => band >= 0 && array ? part(array, view.target, band) : null;
    return { values, low: of(band_ci_low), high: of(band_ci_high), p: of(band_p) };
  }

  spectrum() {
    const { data, view } = this, { arrays, bands } = data;
    if (!arrays.relevance) return [];
    const chosen = view.channels.length ? view.channels : data.ch_names.map((/** @type {any} */ _, /** @type {number} */ at) => at);
    const values = sumOverChannels(data, view.target, chosen), hz = arrays.frequencies_hz.values, width = this.inner("spectrum"), height = 210, base = height - 20, top = 22;
    const axis = frequencyAxis(width, this.axis_hz), [low, high] = view.range_hz ?? [0, this.axis_hz], most = Math.max(...values, 0), least = Math.min(...values, 0);
    const y = (/** @type {number} */ value) => top + (base - top) * (most - value) / (most - least || 1), xs = Array.from(hz, one => axis.at(one));
    const area = (/** @type {string} */ name, /** @type {(value: number) => number} */ cut) => make("svg:path", { class: name, d: `${line(xs, at => y(cut(values[at])))}L${xs[xs.length - 1]} ${y(0)}L${xs[0]} ${y(0)}Z` });
    const single = bands.filter((/** @type {any} */ one) => one.ranges_hz.length === 1 && one.ranges_hz[0][0] < this.axis_hz && one.name !== "other");
    const drawing = make("svg:svg", { class: "drawing brushed", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Relevance by frequency of ${this.channelWords()}; drag to choose frequencies` },
      single.map((/** @type {any} */ one) => { const a = axis.at(one.ranges_hz[0][0]), b = axis.at(one.ranges_hz[0][1] ?? this.axis_hz); return [make("svg:line", { class: "grid-line", x1: a, x2: a, y1: 4, y2: base }), b - a > 34 && make("svg:text", { class: "tick", x: (a + b) / 2, y: 14, "text-anchor": "middle" }, one.name)]; }),
      make("svg:rect", { class: "brush", x: axis.at(low), width: Math.max(1, axis.at(high) - axis.at(low)), y: top - 4, height: base - top + 4 }),
      area("area positive", value => Math.max(value, 0)), area("area negative", value => Math.min(value, 0)), make("svg:line", { class: "zero-line", x1: 0, x2: width, y1: y(0), y2: y(0) }), frequencyTicks(axis, height));
    const step = hz.length > 1 ? hz[1] - hz[0] : 0.5, snapped = (/** @type {number} */ one) => Math.round(one / step) * step;
    drawing.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const left = drawing.getBoundingClientRect().left, start = axis.hz(event.clientX - left);
      const edge = view.range_hz ? [low, high].find(one => Math.abs(axis.at(one) - (event.clientX - left)) < 7) : undefined, anchor = edge === undefined ? start : edge === low ? high : low;
      follow(event, moved => { const [a, b] = [anchor, axis.hz(moved.clientX - left)].map(snapped).sort((one, other) => one - other); if (b > a) this.set({ range_hz: [a, b] }); });
    });
    const [forName, againstName] = this.speaksFor(view.target), total = values.reduce((sum, one) => sum + one, 0), { values: sums } = this.channelSums(), sum = chosen.reduce((/** @type {number} */ so, /** @type {number} */ at) => so + sums[at], 0);
    const pressed = (/** @type {any} */ range) => JSON.stringify(range) === JSON.stringify(view.range_hz);
    return [
      make("h3", {}, "Which frequencies"), this.verdict(),
      data.targets.length > 1 && make("div", { class: "chips", role: "group", "aria-label": "Class" }, data.targets.map((/** @type {string} */ name, /** @type {number} */ target) => toggle(`target-${target}`, name, target === view.target, () => this.set({ target })))),
      make("div", { class: "chips", role: "group", "aria-label": "Band" }, toggle("range-all", "All", view.range_hz == null, () => this.set({ range_hz: null })),
        single.map((/** @type {any} */ one, /** @type {number} */ at) => toggle(`range-${at}`, one.name, pressed(one.ranges_hz[0]), () => this.set({ range_hz: one.ranges_hz[0] }), { title: one.words }))),
      make("div", { class: this.guarded() }, drawing, make("p", { class: "key" }, make("span", { class: "swatch positive" }), `for ${forName} `, make("span", { class: "swatch negative" }), againstName)),
      make("div", { class: "inputs" }, this.hertzInput("range-low", "From, Hz", low, value => this.set({ range_hz: value < high ? [value, high] : [value, value + step] })),
        this.hertzInput("range-high", "to, Hz", high, value => this.set({ range_hz: value > low ? [low, value] : [Math.max(0, value - step), value] }))),
      make("p", { class: "sum", "aria-live": "polite" }, make("strong", {}, signed(sum)), ` of ${signed(total)} (${percent(sum / total)}) from ${view.range_hz ? `${span(low, high)} Hz` : "all frequencies"}, ${this.channelWords()}. `),
      make("p", { class: "small" }, data.relevance_words ?? "", isEdited(view.edits) ? " Of the network as trained: edits do not change what was measured before." : ""),
    ].filter(Boolean);
  }

  channelWords() {
    const { data, view } = this, names = view.channels.map((/** @type {number} */ at) => data.ch_names[at]);
    return names.length === 0 ? `all ${data.ch_names.length} channels` : names.length > 5 ? `${names.length} chosen channels` : names.join(", ");
  }

  scalp() {
    const { data, view } = this, { positions } = data.arrays;
    if (!data.arrays.relevance) return [];
    const sums = this.channelSums(), { values } = sums, most = Math.max(...Array.from(values, Math.abs)) || 1, size = Math.min(360, this.inner("scalp"));
    const told = (/** @type {number} */ at) => `${data.ch_names[at]}: ${signed(values[at])}` + (sums.low && sums.high ? `, 95 % interval ${signed(sums.low[at])} to ${signed(sums.high[at])}` : "");
    const hint = sums.low ? "Point at an electrode for its value and interval; choose some, or draw around them." : "Point at an electrode for its value. There are intervals for whole bands only, not for this range.";
    const readout = make("p", { class: "readout" }, hint), choose = (/** @type {number[]} */ channels) => this.set({ channels: [...new Set(channels)].sort((a, b) => a - b) });
    const flip = (/** @type {number} */ at) => choose(view.channels.includes(at) ? view.channels.filter((/** @type {number} */ one) => one !== at) : [...view.channels, at]);
    const chosen = new Set(view.channels), known = positions ? data.ch_names.map((/** @type {any} */ _, /** @type {number} */ at) => at).filter((/** @type {number} */ at) => Number.isFinite(positions.values[2 * at])) : [];
    const scale = size / 2.5, x = (/** @type {number} */ at) => size / 2 + scale * positions.values[2 * at], y = (/** @type {number} */ at) => size / 2 - scale * positions.values[2 * at + 1];
    const first = view.channels.find((/** @type {number} */ at) => known.includes(at)) ?? known[0];
    const dots = known.map((/** @type {number} */ at) => make("svg:circle", { class: chosen.has(at) ? "electrode chosen" : "electrode", cx: x(at), cy: y(at), r: chosen.has(at) ? 7 : 5, "data-key": `electrode-${at}`, tabindex: at === first ? "0" : "-1", role: "option", "aria-selected": String(chosen.has(at)), "aria-label": told(at),
      onpointerenter: () => { readout.textContent = visible(told(at)); }, onfocus: () => { readout.textContent = visible(told(at)); }, onclick: () => flip(at),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === " " || event.key === "Enter") { event.preventDefault(); return flip(at); }
        const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (!way) return;
        event.preventDefault();
        const far = known.map((/** @type {number} */ to) => { const [dx, dy] = [x(to) - x(at), y(to) - y(at)], along = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]); return along > 1 && along >= aside * 0.7 ? along + 2 * aside : Infinity; });
        const to = known[ordered(far, false)[0]];
        if (Math.min(...far) < Infinity) dots[known.indexOf(to)].focus();
      } }));
    const lasso = make("svg:path", { class: "lasso" }), drawn = this.drawnMap(values, most, size, null, [dots, lasso]), surface = drawn.querySelector("svg");
    surface.setAttribute("role", "listbox");
    surface.setAttribute("aria-multiselectable", "true");
    surface.setAttribute("aria-label", "Electrodes; arrow keys move, space chooses");
    surface.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (/** @type {Element} */ (event.target).matches(".electrode")) return;
      const box = surface.getBoundingClientRect(), way = [[event.clientX - box.left, event.clientY - box.top]];
      follow(event, moved => { way.push([moved.clientX - box.left, moved.clientY - box.top]); lasso.setAttribute("d", `M${way.map(one => one.join(" ")).join("L")}Z`); },
        () => { if (way.length > 3) choose(known.filter((/** @type {number} */ at) => inside(way, x(at), y(at)))); else choose([]); });
    });
    const scaleBar = make("canvas", { width: 200, height: 1, class: "scale", "aria-hidden": "true" }), pen = scaleBar.getContext("2d");
    for (let at = 0; at < 200; at++) { pen.fillStyle = `rgb(${colour(at / 99.5 - 1).join(" ")})`; pen.fillRect(at, 0, 1, 1); }
    const rows = ordered(Array.from(values, Math.abs), true).map(at => make("tr", { class: chosen.has(at) ? "current" : null }, make("td", {}, make("label", {}, make("input", { type: "checkbox", "data-key": `choose-${at}`, checked: chosen.has(at), onchange: () => flip(at) }), ` ${visible(data.ch_names[at])}`)),
      make("td", { class: "number" }, signed(values[at])), sums.low && make("td", { class: "number" }, `${signed(sums.low[at])} to ${signed(sums.high?.[at] ?? null)}`), data.can_recompute && make("td", {}, this.mute("mutedChannels", at, data.ch_names[at], `mute-channel-${at}`))));
    const table = make("details", { open: this.openTable || known.length === 0, ontoggle: (/** @type {any} */ event) => { this.openTable = event.target.open; } }, make("summary", { "data-key": "electrodes" }, "Electrodes as a table"),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of electrodes" }, make("table", {}, make("thead", {}, make("tr", {}, ["Electrode", "Relevance", sums.low && "95 % interval", data.can_recompute && "Without"].filter(Boolean).map(name => make("th", { scope: "col" }, name)))), make("tbody", {}, rows))));
    return [
      make("h3", {}, "Where on the scalp"), make("p", { class: "small" }, view.range_hz ? `Relevance of ${span(view.range_hz[0], view.range_hz[1])} Hz` : "Relevance of all frequencies"), this.verdict(),
      known.length > 0 && make("div", { class: this.guarded() }, drawn, make("p", { class: "key" }, signed(-most), " ", scaleBar, " ", signed(most))),
      known.length > 0 && readout, make("div", { class: "chips" }, view.channels.length > 0 && make("button", { type: "button", "data-key": "choose-none", onclick: () => choose([]) }, `Choose none (${view.channels.length} chosen)`)), table,
    ].filter(Boolean);
  }

  // Trials

  trials() {
    const { data, view, result } = this, { code, trial_number, trial_relevance, seen } = data.arrays;
    if (!code || !result || !this.base) return [];
    const names = data.class_names, changed = new Set(result.changed), wrong = (/** @type {number} */ trial) => code.values[trial] !== result.predicted[trial];
    const every = [...code.values.keys()], groups = [[ALL, "All", every], ["misread", "Misread", every.filter(wrong)], ...(isEdited(view.edits) ? [["changed", "Changed by the edits", every.filter(trial => changed.has(trial))]] : [])];
    const [, , shown] = groups.find(([key]) => key === view.trials) ?? groups[0], [low, high] = view.range_hz ?? [0, Infinity], shares = data.arrays.trial_spectrum ? trialsIn(data, view.target, low, high) : null;
    const margin = this.margins(result), most = shares ? Math.max(...Array.from(shares, Math.abs)) || 1 : 1;
    /** @type {Record<string, any[]>} */
    const by = { number: trial_number ? [...trial_number.values] : every, class: every.map(trial => names[code.values[trial]] ?? "?"), read: every.map(trial => names[result.predicted[trial]]), margin, ...(shares ? { share: [...shares] } : {}) };
    const order = ordered(shown.map((/** @type {number} */ trial) => (by[view.trial_sort] ?? by.number)[trial]), view.trial_descending).map(at => shown[at]);
    const share = (/** @type {number} */ trial) => { const bar = make("span", { class: shares?.[trial] < 0 ? "bar negative" : "bar positive" }), size = 50 * Math.abs(shares?.[trial] ?? 0) / most; bar.style.width = `${size}%`; bar.style.left = shares?.[trial] < 0 ? `${50 - size}%` : "50%"; return make("td", { class: "track column-share", "aria-label": signed(shares?.[trial]) }, bar); };
    const rows = order.map(trial => make("tr", { class: `${trial === view.trial ? "current" : ""} ${wrong(trial) ? "wrong" : ""}`, onclick: () => this.set({ trial }) },
      make("td", {}, make("button", { type: "button", class: "link", "data-key": `trial-${trial}`, "aria-current": trial === view.trial ? "true" : null, onclick: () => this.set({ trial }) }, by.number[trial])),
      make("td", {}, by.class[trial]), make("td", {}, wrong(trial) ? make("strong", {}, `✗ ${visible(by.read[trial])}`) : by.read[trial], changed.has(trial) && make("span", { class: "badge" }, "changed"), seen?.values[trial] ? make("span", { class: "badge" }, "in training") : null),
      make("td", { class: "number" }, numeral(margin[trial])), shares && share(trial)));
    return [
      make("h3", {}, "Trials"),
      make("div", { class: "chips", role: "group", "aria-label": "Which trials" }, groups.map(([key, label, list]) => toggle(`trials-${key}`, `${label} (${list.length})`, key === view.trials, () => this.set({ trials: key, trial: key === "misread" && list.length && !list.includes(view.trial) ? list[0] : view.trial })))),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of trials" }, make("table", { class: "sortable" }, make("thead", {}, make("tr", {}, this.sorter("number", "Trial", "trial_sort", "trial_descending"), this.sorter("class", "Class", "trial_sort", "trial_descending"), this.sorter("read", "Read as", "trial_sort", "trial_descending"),
        this.sorter("margin", "Margin", "trial_sort", "trial_descending", "Score of its class minus the best other"), shares && this.sorter("share", view.range_hz ? `${span(low, high)} Hz` : "Relevance", "trial_sort", "trial_descending", "Relevance in the chosen frequencies"))), make("tbody", {}, rows))),
      rows.length === 0 && make("p", { class: "small" }, "None."),
      data.trials_words && make("p", { class: "small" }, `${data.trials_words}.`),
    ].filter(Boolean);
  }

  /** Score of the true class minus the best other. @param {Result} result @returns {number[]} */
  margins(result) {
    const total = this.data.class_names.length;
    return Array.from(this.data.arrays.code.values, (truth, trial) => {
      if (!result.scores || truth < 0) return NaN;
      const scores = Array.from(result.scores.subarray(trial * total, trial * total + total));
      return scores[truth] - Math.max(...scores.filter((_, at) => at !== truth));
    });
  }

  trial() {
    const { data, view, result, base } = this, { code, trial_relevance, trial_number, signals } = data.arrays;
    if (!code || !result || !base) return [];
    if (view.trial == null) return [make("h3", {}, "One trial"), make("p", { class: "empty" }, "Choose a trial to see its score as a sum of shares, its signal, and why it was misread.")];
    const trial = view.trial, names = data.class_names, truth = code.values[trial], decided = result.predicted[trial], before = base.predicted[trial], wrong = truth !== decided, shares = [];
    const [one, other] = data.target_classes?.[view.target] ?? [null, null], [forName, againstName] = this.speaksFor(view.target);
    let channels = view.channels.slice(0, 4);
    if (trial_relevance) {
      const cells = part(trial_relevance, trial, view.target), [, , bandCount, channelCount] = trial_relevance.shape, byChannel = new Float64Array(channelCount);
      const byBand = data.bands.map((/** @type {any} */ band, /** @type {number} */ at) => ({ label: band.name, value: cells.subarray(at * channelCount, (at + 1) * channelCount).reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0) }));
      cells.forEach((/** @type {number} */ value, /** @type {number} */ at) => { byChannel[at % channelCount] += value; });
      const largest = ordered(Array.from(byChannel, Math.abs), true);
      if (!channels.length) channels = largest.slice(0, 3);
      const rest = largest.slice(6).reduce((sum, at) => sum + byChannel[at], 0), sum = byBand.reduce((/** @type {number} */ so, /** @type {any} */ row) => so + row.value, 0);
      shares.push(make("div", { class: `${this.guarded()} two` }, bars([...byBand.filter((/** @type {any} */ row) => Math.abs(row.value) > 1e-9), { label: "sum", value: sum - 2 * sum, current: true }].slice(0, -1), `Sum of shares over bands: ${signed(sum)}`, true),
        bars([...largest.slice(0, 6).map(at => ({ label: data.ch_names[at], value: byChannel[at] })), ...(largest.length > 6 ? [{ label: "the others", value: rest }] : [])], "The same sum over channels", true)),
        make("p", { class: "key" }, make("span", { class: "swatch positive" }), `for ${forName} `, make("span", { class: "swatch negative" }), againstName));
    }
    const why = wrong && trial_relevance && before === decided ? misleading(data, trial, decided).slice(0, 5) : [];
    const scores = result.filter_scores, count = data.filters.number.length, total = names.length;
    const byFilter = scores && one != null ? data.filters.number.map((/** @type {number} */ number, /** @type {number} */ f) => ({ label: `filter ${number}`, key: `by-filter-${f}`, onclick: () => this.set({ filter: f }), value: scores[(trial * total + one) * count + f] - (other == null ? 0 : scores[(trial * total + other) * count + f]) })) : [];
    const order = ordered(byFilter.map((/** @type {any} */ row) => Math.abs(row.value)), true).slice(0, 8);
    return [
      make("h3", {}, `Trial ${trial_number?.values[trial] ?? trial}`), make("p", {}, "Class ", make("strong", {}, names[truth] ?? "?"), ", read as ", make("strong", { class: wrong ? "wrong" : "right" }, names[decided]), before !== decided ? ` (by the network as trained: ${visible(names[before])})` : "", "."),
      make("p", { class: "scores" }, names.map((/** @type {string} */ name, /** @type {number} */ at) => make("span", { class: at === decided ? "chosen-class" : null }, `${visible(name)} ${numeral(result.scores?.[trial * total + at])}`))), this.verdict(),
      why.length > 0 && make("div", { class: `${this.guarded()} why` }, make("h4", {}, "Why it was misread"), make("p", { class: "small" }, `These spoke most for ${visible(names[decided])}${one != null && other != null ? "" : ` rather than ${visible(names[truth] ?? "?")}`}:`), make("ol", {}, why.map(cell => make("li", {}, `${visible(data.bands[cell.band].name)} at ${visible(data.ch_names[cell.channel])}, ${signed(cell.value)}`)))),
      shares, order.length > 0 && bars(order.map(at => byFilter[at]), `What each filter adds to the score${isEdited(view.edits) ? ", with the edits" : ""}`),
      signals && make("h4", {}, `Signal${data.unit ? `, ${data.unit}` : ""}`), signals && this.signal(trial, channels.length ? channels : [0]),
    ].flat().filter(Boolean);
  }

  /** @param {number} trial @param {number[]} channels */
  signal(trial, channels) {
    const { data } = this, { signals, signal_scale } = data.arrays, width = this.inner("trial"), height = 150, count = signals.shape[2], scales = channels.map(at => signal_scale.values[trial * signals.shape[1] + at]), curves = channels.map(at => part(signals, trial, at));
    const most = Math.max(...curves.map((curve, at) => scales[at] * curve.reduce((/** @type {number} */ top, /** @type {number} */ one) => Math.max(top, Math.abs(one)), 0))) || 1, xs = Float64Array.from({ length: count }, (_, at) => 34 + (width - 38) * at / (count - 1)), y = (/** @type {number} */ value) => 68 - 60 * value / most, seconds = count / data.sfreq_hz;
    return make("div", {}, make("svg:svg", { class: "drawing", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Signal at ${channels.map(at => data.ch_names[at]).join(", ")}` },
      ticks(-most, most, 4).map(one => [make("svg:line", { class: "grid-line", x1: 34, x2: width, y1: y(one), y2: y(one) }), make("svg:text", { class: "tick", x: 30, y: y(one) + 4, "text-anchor": "end" }, numeral(one))]),
      curves.map((curve, at) => { const path = make("svg:path", { class: "signal", d: line(xs, sample => y(scales[at] * curve[sample])) }); path.style.stroke = CLASS_COLOURS[at]; return path; }),
      ticks(0, seconds, 5).map(one => make("svg:text", { class: "tick", x: Math.min(width - 12, 34 + (width - 38) * one / seconds), y: height - 4, "text-anchor": "middle" }, `${numeral(one)} s`))),
    make("p", { class: "key" }, channels.map((at, index) => { const swatch = make("span", { class: "swatch" }); swatch.style.background = CLASS_COLOURS[index]; return make("span", {}, swatch, `${visible(data.ch_names[at])} `); })));
  }

  // Edits, and the training

  edits() {
    const { data, view, result, base } = this, { edits } = view, names = data.class_names, total = names.length;
    if (!result || !base) return [];
    const undo = (/** @type {string} */ key, /** @type {string} */ words, /** @type {Edits} */ without) => make("li", {}, words, " ", make("button", { type: "button", "data-key": key, "aria-label": `Undo: ${words}`, onclick: () => this.edit(without) }, "✕"));
    const list = [
      ...edits.cutoffs.map(([f, low, high]) => undo(`edit-cut-${f}`, `filter ${data.filters.number[f]}: ${this.span0(f)} → ${span(low, high)} Hz`, { ...edits, cutoffs: edits.cutoffs.filter(one => one[0] !== f) })),
      ...edits.mutedFilters.map(f => undo(`edit-filter-${f}`, `without filter ${data.filters.number[f]}`, toggled(edits, "mutedFilters", f))),
      ...edits.mutedBands.map(band => undo(`edit-band-${band}`, `without ${data.bands[band].words ?? data.bands[band].name}`, toggled(edits, "mutedBands", band))),
      ...edits.mutedChannels.map(at => undo(`edit-channel-${at}`, `without ${data.ch_names[at]}`, toggled(edits, "mutedChannels", at))),
    ], changed = [...result.changed];
    const cell = (/** @type {number} */ row, /** @type {number} */ column) => { const at = row * total + column, now = result.confusion[at], was = base.confusion[at], most = Math.max(...base.confusion, 1), td = make("td", { class: row === column ? "number right" : "number" }, now, now !== was && make("small", {}, ` was ${was}`)); td.style.setProperty("--share", String(Math.min(1, now / most))); return td; };
    return [
      make("h3", {}, data.can_recompute ? "What if" : "Decisions"),
      data.can_recompute && [make("p", { class: "small" }, "Mute a band here, a filter in its row or card, a channel in the table of electrodes; drag the cut-offs of a filter in its card."),
        make("div", { class: "chips", role: "group", "aria-label": "Mute a band" }, data.bands.map((/** @type {any} */ band, /** @type {number} */ at) => toggle(`mute-band-${at}`, `without ${visible(band.name)}`, edits.mutedBands.includes(at), () => this.edit(toggled(edits, "mutedBands", at)), { class: "mute", title: band.words }))),
        list.length > 0 && make("ul", { class: "edit-list" }, list),
        edits.mutedFilters.length + edits.mutedBands.length + edits.mutedChannels.length > 0 && make("p", { class: "note" }, "Muting makes signals that the network has never seen: this shows what its decisions lean on, not what a network trained without it would do.")],
      make("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, make("table", { class: "confusion" }, make("caption", {}, "Trials by class and what they are read as"), make("thead", {}, make("tr", {}, make("td"), names.map((/** @type {string} */ name) => make("th", { scope: "col" }, `read as ${visible(name)}`)))),
        make("tbody", {}, names.map((/** @type {string} */ name, /** @type {number} */ row) => make("tr", {}, make("th", { scope: "row" }, name), names.map((/** @type {any} */ _, /** @type {number} */ column) => cell(row, column))))))),
      isEdited(edits) && make("p", { class: "small" }, changed.length ? `Read otherwise than before (${changed.length}): ` : "Every trial is read as before.", changed.slice(0, 40).map(trial => this.trialLink(trial, "edits"))),
    ].flat().filter(Boolean);
  }

  /** @param {number} f */
  span0(f) { return span(this.data.filters.nominal_low_hz[f], this.data.filters.nominal_high_hz[f]); }

  training() {
    const { data, view } = this, { history } = data, tracks = data.arrays.history_cutoffs_hz;
    if (!history) return [];
    const width = this.inner("training"), epochs = history.epochs, end = epochs.length - 1, x = (/** @type {number} */ at) => 34 + (width - 44) * at / (end || 1), here = Math.min(view.epoch, end);
    const cursor = (/** @type {number} */ height) => make("svg:line", { class: "cursor", x1: x(here), x2: x(here), y1: 4, y2: height - 18 }), marks = (/** @type {number} */ height) => ticks(0, end, 5).map(at => make("svg:text", { class: "tick", x: x(Math.round(at)), y: height - 4, "text-anchor": "middle" }, epochs[Math.round(at)]));
    const frame = (/** @type {string} */ label, /** @type {number} */ height, /** @type {any[]} */ ...children) => make("svg:svg", { class: "drawing", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, children, cursor(height), marks(height));
    const xs = epochs.map((/** @type {any} */ _, /** @type {number} */ at) => x(at)), parts = [];
    if (tracks) {
      const most = Math.max(...tracks.values) * 1.05, upright = frequencyAxis(180 - 26, most), y = (/** @type {number} */ hz) => 180 - 20 - upright.at(hz);
      const ribbon = (/** @type {number} */ f) => { const at = (/** @type {number} */ epoch, /** @type {number} */ end) => y(part(tracks, epoch, f)[end]); return make("svg:path", { class: f === view.filter ? "ribbon current" : "ribbon", d: `${line(xs, epoch => at(epoch, 1))}${line([...xs].reverse(), epoch => at(xs.length - 1 - epoch, 0)).replace("M", "L")}Z` }); };
      const order = [...data.filters.number.keys()].filter(f => f !== view.filter).concat(view.filter);
      parts.push(frame("Cut-offs of all filters over the epochs", 180, upright.ticks.map(hz => [make("svg:line", { class: "grid-line", x1: 34, x2: width, y1: y(hz), y2: y(hz) }), make("svg:text", { class: "tick", x: 30, y: y(hz) + 4, "text-anchor": "end" }, hz)]), order.map(ribbon)));
    }
    for (const name of ["loss", "accuracy"]) {
      /** @type {[string, number[]][]} */
      const curves = Object.entries(history[name] ?? {}).filter(([, values]) => Array.isArray(values));
      const all = curves.flatMap(([, values]) => values).filter(one => one != null), low = Math.min(...all), high = Math.max(...all), y = (/** @type {number} */ value) => 8 + 70 * (high - value) / (high - low || 1);
      if (!all.length) continue;
      parts.push(make("p", { class: "key" }, `${name}: `, curves.map(([part, values], at) => { const swatch = make("span", { class: "swatch" }); swatch.style.background = CLASS_COLOURS[at]; return make("span", {}, swatch, `${visible(part)} ${name === "loss" ? numeral(values[here]) : percent(values[here])} `); })),
        frame(`${name} over the epochs`, 100, ticks(low, high, 3).map(one => [make("svg:line", { class: "grid-line", x1: 34, x2: width, y1: y(one), y2: y(one) }), make("svg:text", { class: "tick", x: 30, y: y(one) + 4, "text-anchor": "end" }, numeral(one))]),
          curves.map(([, values], at) => { const path = make("svg:path", { class: "curve", d: line(xs, epoch => y(values[epoch] ?? NaN)).replace(/[ML][\d.]+ NaN/g, "") }); path.style.stroke = CLASS_COLOURS[at]; return path; })));
    }
    const band = tracks ? part(tracks, here, view.filter) : null;
    return [
      make("h3", {}, "Training"),
      make("label", { class: "slider" }, "Epoch ", make("input", { type: "range", "data-key": "epoch", min: "0", max: String(end), value: String(here), "aria-valuetext": `epoch ${epochs[here]}`, oninput: (/** @type {any} */ event) => this.set({ epoch: Number(event.target.value) }) }), make("output", {}, ` ${epochs[here]}`)),
      band && make("p", { class: "sum", "aria-live": "polite" }, `Filter ${data.filters.number[view.filter]} at epoch ${epochs[here]}: `, make("strong", {}, `${span(band[0], band[1])} Hz`), `; at the end ${this.span0(view.filter)} Hz.`),
      parts,
    ].flat().filter(Boolean);
  }
}

/** Draw the pixels of a map on a canvas, smoothly; what is not a number is left free. @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} pixels @param {number} size @param {number} most */
function paint(canvas, pixels, size, most) {
  const small = make("canvas", { width: size, height: size }), pen = small.getContext("2d"), image = pen.createImageData(size, size), filled = Float32Array.from(pixels);
  for (let pass = 0; pass < 3; pass++) { // beyond the edge as at the edge, so that smoothing does not fade there
    const was = filled.slice();
    was.forEach((value, at) => {
      if (!Number.isNaN(value)) return;
      const near = [at % size ? was[at - 1] : NaN, (at + 1) % size ? was[at + 1] : NaN, was[at - size], was[at + size]].filter(one => Number.isFinite(one));
      if (near.length) filled[at] = near.reduce((a, b) => a + b, 0) / near.length;
    });
  }
  filled.forEach((value, at) => image.data.set([...colour(value / most), Number.isNaN(value) ? 0 : 255], 4 * at));
  pen.putImageData(image, 0, 0);
  const large = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  large.imageSmoothingQuality = "high";
  large.beginPath();
  large.arc(canvas.width / 2, canvas.height / 2, canvas.width / 2.5, 0, 7);
  large.clip();
  const reach = canvas.width * 2.4 / 2.5, pixel = reach / (size - 1), left = (canvas.width - reach - pixel) / 2; // pixels lie on the limits
  large.drawImage(small, left, left, reach + pixel, reach + pixel);
}

/** Whether a point lies inside a closed way. @param {number[][]} way @param {number} x @param {number} y */
export function inside(way, x, y) {
  let within = false;
  way.forEach(([ax, ay], at) => {
    const [bx, by] = way[(at + way.length - 1) % way.length];
    if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) within = !within;
  });
  return within;
}

/** Show an explorer in an element. @param {HTMLElement} root @param {any} payload @param {string} text the module's own, for the worker @param {boolean} ownsAddress */
export async function mount(root, payload, text = "", ownsAddress = false) {
  try { return new Explorer(root, await unpack(payload), text, ownsAddress); }
  catch (error) { root.replaceChildren(make("p", { class: "note" }, `The explorer cannot be shown in this browser: ${/** @type {Error} */ (error).message}`)); throw error; }
}

if ("importScripts" in globalThis) serve(globalThis);
