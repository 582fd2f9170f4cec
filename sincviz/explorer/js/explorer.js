import { unpack, Network, indicesIn, chosenIn, sumOverRanges, sumOverChannels, trialsIn, scalp, encodeState, decodeState, stateOf, asPython } from "./kernel.js";

/** @typedef {{shape: number[], values: Float32Array}} Values */
/** @typedef {{name: string, words: string, ranges_hz: [number, number | null][], bins: number[][]}} Band */
/** @typedef {{cutoffs: [number, number, number][], mutedFilters: number[], mutedBands: number[], mutedChannels: number[]}} Edits */
/** @typedef {"mutedFilters" | "mutedBands" | "mutedChannels"} Mutes */
/**
 * What `unpack` returns: the header and its arrays.
 * @typedef {{arrays: Record<string, Values>, bands: Band[], targets: string[], class_names: string[], ch_names: string[],
 *   sfreq_hz: number, filters: Record<string, any[]>, findings: any[]} & Record<string, any>} Data
 */
/** What is chosen and edited; it stands in the address of the page. @typedef {Record<string, any> & {edits: Edits}} View */
/** An axis that can be brushed: its values and ends, where a view keeps the range, and how it is drawn and told. @typedef {Record<string, any> & {at: number[], low: number, end: number}} Brush @typedef {"frequency" | "time"} Dim */
/** What the network decides, with its edits. @typedef {Record<string, any>} Result */
/** @type {Edits} */
export const NO_EDITS = { cutoffs: [], mutedFilters: [], mutedBands: [], mutedChannels: [] };
// Crameri's vik, for signed values; like the colours of curves in the style sheet legible in every form of colour blindness.
const COLOURS = [1, 2, 3, 4].map(at => `var(--curve-${at})`);
const SIGNED = ["001261", "023376", "06548b", "307da6", "71a8c4", "b3d1df", "ece5e0", "e4bfaa", "d39774", "c27041", "a94512", "7e1d06", "590008"]
  .map(hex => [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16)));
const ROLES = ["", "suppressor (used, not informative by itself)", "redundant (informative by itself, not used)"];
const LEFT = 36; // of drawings with values at their left, in pixels

// Words and numbers
/** Text in which invisible characters and changes of direction are escaped. @param {unknown} text */
export function visible(text) {
  return String(text).replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu,
    one => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}
/** A number with about two digits after the point, fewer if it is large. @param {number | null | undefined} value @returns {string} */
export function numeral(value) {
  if (value == null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value), small = size > 0 && size < 0.01;
  return (small ? value.toPrecision(1) : value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)).replace(/-/g, "−");
}
/** @param {number | null | undefined} value */
const signed = value => (value != null && value > 0 ? "+" : "") + numeral(value);
/** @param {number | null | undefined} value */
const hertz = value => (value == null || !Number.isFinite(value) ? "–" : String(Math.round(value * 10) / 10));
/** @param {number} value */
const seconds = value => String(Math.round(value * 100) / 100).replace("-", "−");
/** @param {number | null | undefined} value */
const percent = (value, digits = 0) => (value == null || !Number.isFinite(value) ? "–" : `${(100 * value).toFixed(digits).replace("-", "−")} %`);
/** @param {number | null} low @param {number | null} high @returns {string} */
export const span = (low, high) => (low == null ? "–" : high == null ? `above ${hertz(low)}` : `${hertz(low)}–${hertz(high)}`);

/** Row numbers in the order of a column; what is absent comes last. @param {ArrayLike<any>} column @param {boolean} descending */
export function ordered(column, descending = false) {
  const absent = (/** @type {any} */ value) => value == null || Number.isNaN(value);
  return Array.from(column, (_, row) => row).sort((a, b) => {
    const one = column[a], other = column[b];
    if (absent(one) || absent(other)) return Number(absent(one)) - Number(absent(other)) || a - b;
    const sign = typeof one === "string" ? one.localeCompare(other) : one - other;
    return (descending ? -sign : sign) || a - b;
  });
}

/** What is said of suppressors and redundant electrodes in the bands that reach into a range, by channel. @param {Data} data @param {number} target @param {number} low @param {number} high @returns {{role: number, words: string}[]} */
export function rolesIn({ arrays: { band_role }, bands, ch_names }, target, low, high) {
  const reached = band_role ? [...bands.keys()].filter(band => bands[band].ranges_hz.some(([from, to]) => from < high && (to ?? Infinity) > low)) : [];
  return ch_names.map((_, channel) => [1, 2].reduce((told, role) => {
    const where = reached.filter(band => part(band_role, target, band)[channel] === role).map(band => visible(bandName(bands[band])));
    return where.length ? { role: told.role || role, words: `${told.words}; ${ROLES[role]} in ${where.join(", ")}` } : told;
  }, { role: 0, words: "" }));
}
/** The part of an array at these indices of its first axes. @param {Values} array @param {number[]} indices */
export function part({ shape, values }, ...indices) {
  const size = shape.slice(indices.length).reduce((a, b) => a * b, 1), at = indices.reduce((sum, one, axis) => sum * shape[axis] + one, 0);
  return values.subarray(at * size, (at + 1) * size);
}
/** @param {ArrayLike<number>} values */
const sum = values => Array.from(values).reduce((a, b) => a + b, 0);
/** @param {ArrayLike<number>} values */
const largest = values => Math.max(...Array.from(values, value => Math.abs(value) || 0), 0) || 1;
/** @param {ArrayLike<number>} values */
const bySize = values => ordered(Array.from(values, Math.abs), true);
/** Round numbers between two limits, about as many as asked for. @param {number} low @param {number} high */
export function ticks(low, high, most = 4) {
  const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find(one => one * power >= rough) ?? 10), first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, at) => (first + at) * step);
}
/** Red, green and blue of a share between -1 and 1. @param {number} share */
export function colour(share) {
  const at = ((Math.max(-1, Math.min(1, share || 0)) + 1) / 2) * (SIGNED.length - 1), below = Math.min(Math.floor(at), SIGNED.length - 2);
  return SIGNED[below].map((one, i) => Math.round(one + (SIGNED[below + 1][i] - one) * (at - below)));
}
/** Whether a point lies inside a closed way. @param {number[][]} way @param {number} x @param {number} y */
export function inside(way, x, y) {
  return way.reduce((within, [ax, ay], at) => {
    const [bx, by] = way[(at + way.length - 1) % way.length];
    return ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax ? !within : within;
  }, false);
}

/** What a band is called; what lies in none of the others is told by its limits. @param {{name: string, words: string}} band */
const bandName = ({ name, words }) => visible(name === "other" ? words : name);

// What is chosen and edited
/** @param {Edits} edits */
export const isEdited = edits => Object.values(edits).some(list => list.length > 0);
/** Edits with one number more in a list, or one less if it is there. @param {Edits} edits @param {Mutes} list @param {number} index @returns {Edits} */
export function toggled(edits, list, index) {
  const rest = edits[list].filter(one => one !== index);
  return { ...edits, [list]: rest.length < edits[list].length ? rest : [...rest, index].sort((a, b) => a - b) };
}
/** Edits with the cut-offs of a filter as they were. @param {Edits} edits @param {number} filter @returns {Edits} */
const withoutCutoffs = (edits, filter) => ({ ...edits, cutoffs: edits.cutoffs.filter(one => one[0] !== filter) });
/**
 * Edits with other cut-offs of a filter: apart, above zero and at most half the sampling rate.
 * @param {Data} data @param {Edits} edits @param {number} filter @param {number} low @param {number} high @returns {Edits}
 */
export function withCutoffs(data, edits, filter, low, high) {
  const most = data.sfreq_hz / 2, from = Math.max(0.1, Math.min(low, most - 0.5)), to = Math.max(from + 0.5, Math.min(high, most));
  const rest = withoutCutoffs(edits, filter).cutoffs;
  return { ...edits, cutoffs: [...rest, /** @type {[number, number, number]} */ ([filter, Math.round(from * 100) / 100, Math.round(to * 100) / 100])].sort((a, b) => a[0] - b[0]) };
}
/** What a page shows first: the filter, the band and a trial that tell most. @param {Data} data @returns {View} */
export function firstView(data) {
  const { filters, bands, arrays } = data, column = [data.readable ? "relevance_share" : "importance", "importance"].find(name => filters[name]?.some(one => one != null)) ?? "number";
  const sizes = bands.map((band, at) => (arrays.band_relevance && band.name !== "other" && band.ranges_hz.length === 1 ? sum(part(arrays.band_relevance, 0, at).map(Math.abs)) : -1));
  const leading = sizes.some(size => size >= 0) ? ordered(sizes, true)[0] : -1, { code, predicted } = arrays;
  const misread = code ? code.values.findIndex((truth, trial) => truth >= 0 && truth !== predicted.values[trial]) : -1;
  return {
    filter: ordered(filters[column], column !== "number")[0], sort: column, descending: column !== "number", target: 0,
    range_hz: leading < 0 ? null : bands[leading].ranges_hz[0], range_s: null, channels: [], trials: "all", trial_sort: "number", trial_descending: false,
    trial: predicted ? Math.max(misread, 0) : null, epoch: (arrays.history_cutoffs_hz?.shape[0] ?? data.history?.epochs.length ?? 1) - 1, edits: NO_EDITS,
  };
}

/** A view from the address of the page, where anything can stand: what does not fit the data is left out. @param {Data} data @param {any} found @returns {View} */
export function checkedView(data, found) {
  const view = firstView(data), edits = found?.edits ?? {};
  if (found == null || typeof found !== "object") return view;
  /** @type {Record<string, number>} */
  const counts = { filter: data.filters.number.length, target: data.targets.length, trial: data.arrays.predicted?.shape[0] ?? 0, epoch: view.epoch + 1 };
  const within = (/** @type {any} */ one, /** @type {number} */ count) => Number.isInteger(one) && one >= 0 && one < count;
  const indices = (/** @type {any} */ list, /** @type {number} */ count) => (Array.isArray(list) ? [...new Set(list.filter(one => within(one, count)))].sort((a, b) => a - b) : []);
  for (const [key, count] of Object.entries(counts)) if (within(found[key], count)) view[key] = found[key];
  for (const key of ["sort", "trials", "trial_sort"]) if (typeof found[key] === "string") view[key] = found[key];
  for (const key of ["descending", "trial_descending"]) if (typeof found[key] === "boolean") view[key] = found[key];
  for (const name of data.arrays.temporal_relevance ? ["range_hz", "range_s"] : ["range_hz"]) {
    const range = found[name];
    if (range === null || (Array.isArray(range) && range.length === 2 && Number.isFinite(range[0]) && (range[1] === null || range[1] > range[0]))) view[name] = range;
  }
  if (view.range_s && !data.arrays.time_frequency_relevance) view.range_hz = null; // of both there is no map
  view.channels = indices(found.channels, data.ch_names.length);
  if (!data.can_recompute) return view;
  view.edits = {
    cutoffs: [], mutedFilters: indices(edits.mutedFilters, counts.filter),
    mutedBands: indices(edits.mutedBands, data.bands.length), mutedChannels: indices(edits.mutedChannels, data.ch_names.length),
  };
  for (const one of data.can_edit_cutoffs && Array.isArray(edits.cutoffs) ? edits.cutoffs : [])
    if (Array.isArray(one) && within(one[0], counts.filter) && Number.isFinite(one[1]) && Number.isFinite(one[2])) view.edits = withCutoffs(data, view.edits, one[0], one[1], one[2]);
  return view;
}

/** The decisions of the network as trained, from what was measured. @param {Data} data @returns {Result | null} */
export function measuredResult(data) {
  const { code, predicted, scores } = data.arrays, count = data.class_names.length, confusion = new Float64Array(count * count);
  if (!predicted) return null;
  code?.values.forEach((truth, trial) => { if (truth >= 0) confusion[truth * count + predicted.values[trial]] += 1; });
  const right = sum(data.class_names.map((_, at) => confusion[at * count + at]));
  return { scores: scores?.values, predicted: predicted.values, accuracy: right / sum(confusion), ci_low: null, ci_high: null, confusion, changed: [], edits: NO_EDITS };
}
/** The classes that positive and negative relevance of a target speak for. @param {Data} data @param {number} target @returns {[number, number | null]} */
export function sides(data, target) {
  return data.target_classes?.[target] ?? [data.class_names.indexOf(data.targets[target]), null];
}
/** Which bands and channels spoke for the class that was decided rather than the true one, and which bands as a whole, the largest first. @param {Data} data @param {number} trial @param {number} decided */
export function misleading(data, trial, decided) {
  const relevance = data.arrays.trial_relevance, truth = data.arrays.code.values[trial], [, targets, bands, channels] = relevance.shape;
  const total = new Float64Array(bands * channels);
  for (let target = 0; target < targets; target++) {
    const [one, other] = sides(data, target), towards = one === decided || (other === truth && one !== truth) ? 1 : one === truth || other === decided ? -1 : 0;
    part(relevance, trial, target).forEach((value, at) => { total[at] += towards * value; });
  }
  const first = (/** @type {ArrayLike<number>} */ values) => ordered(values, true).filter(at => values[at] > 0), ofBands = data.bands.map((_, band) => sum(total.subarray(band * channels, (band + 1) * channels)));
  return { bands: first(ofBands).map(band => ({ band, value: ofBands[band] })), cells: first(total).map(at => ({ band: Math.floor(at / channels), channel: at % channels, value: total[at] })) };
}

// Elements
/** An element; text becomes text, never markup. @param {string} tag "svg:" before the elements of a drawing @param {Record<string, any>} properties @param {...any} children @returns {any} */
function make(tag, properties = {}, ...children) {
  const element = tag.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "checked" || name === "value") /** @type {any} */ (element)[name] = value;
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : visible(value));
  }
  element.append(...children.flat(4).filter(one => one != null && one !== false).map(one => (one instanceof Node ? one : visible(one))));
  return element;
}

/** @param {string} key @param {any} label @param {() => void} onclick @param {Record<string, any>} more */
const button = (key, label, onclick, more = {}) => make("button", { type: "button", "data-key": key, onclick, ...more }, label);
/** @param {string} key @param {any} label @param {boolean} pressed @param {() => void} onclick @param {Record<string, any>} more */
const toggle = (key, label, pressed, onclick, more = {}) => button(key, label, onclick, { "aria-pressed": String(pressed), ...more });
/** @param {string} label @param {any} buttons */
const chips = (label, ...buttons) => make("div", { class: "chips", role: "group", "aria-label": label }, buttons);
/** A table that scrolls in its own frame. @param {string} label @param {any[]} heads @param {any[]} rows @param {string} name */
const table = (label, heads, rows, name = "") => make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, make("table", { class: name },
  make("thead", {}, make("tr", {}, heads.filter(Boolean).map(one => (one instanceof Node ? one : make("th", { scope: "col" }, one))))), make("tbody", {}, rows)));
/** What a colour means. @param {string} name @param {any} words @param {string} [background] */
const swatch = (name, words, background) => make("span", { class: "meaning" }, make("span", { class: `swatch ${name}`, style: background ? { background } : null }), words);
/** @param {number} width @param {number} height @param {string} label @param {any[]} children */
const drawing = (width, height, label, ...children) => make("svg:svg", { class: "drawing", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, children);
/** @param {string} name @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
const stroke = (name, x1, y1, x2, y2) => make("svg:line", { class: name, x1, y1, x2, y2 });
/** @param {any} text @param {number} x @param {number} y @param {string} anchor */
const tick = (text, x, y, anchor = "middle") => make("svg:text", { class: "tick", x, y, "text-anchor": anchor }, text);
/** Rules with their values at the left. @param {number[]} values @param {(value: number) => number} y @param {number} width @param {(value: number) => any} words */
const rules = (values, y, width, words = numeral) => values.map(value => [stroke("grid-line", LEFT, y(value), width, y(value)), tick(words(value), LEFT - 4, y(value) + 4, "end")]);
/** @param {ArrayLike<number>} xs @param {(at: number) => number} y */
const way = (xs, y) => Array.from(xs, (x, at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y(at).toFixed(1)}`).join("");
/** @param {string} name @param {string} d @param {string} [colour] */
const path = (name, d, colour) => make("svg:path", { class: name, d, style: colour ? { stroke: colour } : null });

/** An axis on paper, on which a value stands at a share of the width. @typedef {ReturnType<typeof scaleOf>} Scale */
/** @param {number} width @param {(value: number) => number} share @param {(share: number) => number} of @param {number[]} values that are told */
function scaleOf(width, share, of, values) {
  const bounded = (/** @type {number} */ one) => Math.max(0, Math.min(1, one));
  return { at: (/** @type {number} */ value) => 6 + (width - 12) * bounded(share(value)), of: (/** @type {number} */ x) => of(bounded((x - 6) / (width - 12))), values };
}
/** Frequencies: even at the low end, by octaves above. @param {number} width @param {number} most */
function frequencyScale(width, most) {
  const bend = 6, end = Math.asinh(most / bend);
  return scaleOf(width, hz => Math.asinh(hz / bend) / end, share => bend * Math.sinh(share * end), [0, 4, 8, 13, 20, 30, 45, 80, 120, 250, 500].filter(one => one <= most));
}
/** What can be brushed. @param {Data} data @returns {{frequency: Brush | null, time: Brush | null}} */
function brushesOf({ axes, bands, relevance_words }) {
  const [hz, times] = ["relevance", "temporal_relevance"].map(name => axes?.[name]?.[0]), most = hz?.at.at(-1), step = hz?.at[1] - hz?.at[0] || 1, low = times?.cuts[0], end = times?.cuts.at(-1), width_s = (end - low) / times?.at.length;
  return {
    frequency: hz && { array: "relevance", kept: "range_hz", key: "range", name: "frequencies", unit: "Hz", at: hz.at, low: 0, end: most, step, top: 24, base: 250, note: relevance_words, others: times ? ", all times" : "",
      bands: bands.filter(band => band.ranges_hz.length === 1 && band.ranges_hz[0][0] < most), scale: (/** @type {number} */ width) => frequencyScale(width, most), snap: (/** @type {number} */ one) => Math.round(one / step) * step, input: () => null,
      words: (/** @type {number} */ from, /** @type {number | null} */ to) => (from > 0 || to != null ? `${span(from, to)} Hz` : "all frequencies") },
    time: times && { array: "temporal_relevance", kept: "range_s", key: "time", name: "times", unit: "s", at: times.at, low, end, step: width_s, top: 8, base: 130, note: `Relevance in windows of ${Math.round(1000 * (times.at[1] - times.at[0]))} ms.`, others: ", all frequencies",
      bands: [], scale: (/** @type {number} */ width) => scaleOf(width, s => (s - low) / (end - low), share => low + share * (end - low), ticks(low, end, 6)), snap: (/** @type {number} */ one) => times.cuts[ordered(times.cuts.map((/** @type {number} */ cut) => Math.abs(cut - one)))[0]],
      input: (/** @type {number} */ value) => ({ step: "0.05", min: String(low), max: String(end), value: seconds(value).replace("−", "-") }), words: (/** @type {number} */ from, /** @type {number | null} */ to) => (to == null ? `from ${seconds(from)} s` : `${seconds(from)} to ${seconds(to)} s`) },
  };
}
/** @param {Scale} scale @param {number} height @param {string} unit */
const scaleTicks = (scale, height, unit = "Hz") => scale.values.map((value, at) => {
  const last = at === scale.values.length - 1, room = last || scale.at(scale.values[scale.values.length - 1]) - scale.at(value) > 46, words = seconds(value);
  return room && tick(last ? `${words} ${unit}` : words, scale.at(value) + (last ? 6 : 0), height - 4, last ? "end" : scale.at(value) > 12 ? "middle" : "start");
});
/** A bar from one share of a cell to another. @param {number} from @param {number} to @param {boolean} negative */
const bar = (from, to, negative) => make("span", { class: `bar ${negative ? "negative" : "positive"}`, style: { left: `${100 * Math.min(from, to)}%`, width: `${100 * Math.max(0.004, Math.abs(to - from))}%` } });
/** Values as bars from zero, or each from the end of the one before. @param {{label: any, value: number}[]} rows @param {string} caption @param {boolean} stacked */
function bars(rows, caption, stacked = false) {
  const ends = rows.map((row, at) => { const from = stacked ? sum(rows.slice(0, at).map(one => one.value)) : 0; return [from, from + row.value]; });
  const low = Math.min(0, ...ends.flat()), high = Math.max(1e-12, ...ends.flat()), share = (/** @type {number} */ value) => (value - low) / (high - low);
  return make("table", { class: "bars" }, make("caption", {}, caption), make("tbody", {}, rows.map((row, at) => make("tr", {}, make("th", { scope: "row" }, row.label),
    make("td", { class: "track", "aria-hidden": "true" }, make("span", { class: "zero", style: { left: `${100 * share(0)}%` } }), bar(share(ends[at][0]), share(ends[at][1]), row.value < 0)),
    make("td", { class: "number" }, signed(row.value))))));
}
/** Follow the pointer until it is released, wherever it goes. @param {PointerEvent} event @param {(event: PointerEvent) => void} onmove @param {() => void} ondone */
function follow(event, onmove, ondone = () => {}) {
  event.preventDefault();
  const listening = new AbortController(), { signal } = listening, done = () => { listening.abort(); ondone(); };
  addEventListener("pointermove", onmove, { signal });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, done, { signal });
}

/** Draw the pixels of a map, smoothly, within the head. @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} pixels @param {number} size @param {number} most */
function paint(canvas, pixels, size, most) {
  const small = make("canvas", { width: size, height: size }), pen = small.getContext("2d"), image = pen.createImageData(size, size), filled = Float32Array.from(pixels);
  for (let pass = 0; pass < 3; pass++) { // beyond the edge as at the edge, so that smoothing does not fade there
    const was = filled.slice();
    was.forEach((value, at) => {
      const near = Number.isNaN(value) ? [at - 1, at + 1, at - size, at + size].map(one => was[one]).filter(Number.isFinite) : [];
      if (near.length) filled[at] = sum(near) / near.length;
    });
  }
  filled.forEach((value, at) => image.data.set([...colour(value / most), Number.isNaN(value) ? 0 : 255], 4 * at));
  pen.putImageData(image, 0, 0);
  const large = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), pixel = (canvas.width * 2.4) / 2.5 / (size - 1), left = canvas.width * 0.02 - pixel / 2;
  large.imageSmoothingQuality = "high";
  large.arc(canvas.width / 2, canvas.height / 2, canvas.width / 2.5, 0, 7);
  large.clip();
  large.drawImage(small, left, left, pixel * size, pixel * size); // the centres of the outer pixels lie at 1.2 radii
}

// The network, in a worker where that is allowed
/** @param {Network} network @param {any} state @returns {Result} */
function computed(network, state) {
  const responses = new Map([...state.cutoffs].map(([filter, [low, high]]) => [filter, network.response_db(filter, low, high)]));
  return { ...network.apply(state), filter_scores: network.filterScores?.(), responses };
}

/** @param {Data} data @param {string} text the module's own @param {(compute: (state: any) => Promise<Result>) => void} ready */
function startNetwork(data, text, ready) {
  const inPage = () => { const network = new Network(data); ready(async state => computed(network, state)); };
  let started = false;
  try {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" })), worker = new Worker(url);
    /** @type {((result: Result) => void)[]} */
    const waiting = [];
    worker.onerror = event => { event.preventDefault(); if (!started) inPage(); started = true; };
    worker.onmessage = ({ data: answer }) => {
      if (answer !== "ready") { waiting.shift()?.(answer); return; }
      started = true;
      URL.revokeObjectURL(url);
      ready(state => new Promise(resolve => { waiting.push(resolve); worker.postMessage({ state }); }));
    };
    worker.postMessage({ data });
  } catch { inPage(); }
}

/** What the worker does, where this text runs as one. @param {any} worker */
function serve(worker) {
  /** @type {Network} */
  let network;
  worker.onmessage = (/** @type {any} */ { data: asked }) => {
    if (asked.data) network = new Network(asked.data);
    worker.postMessage(asked.data ? "ready" : computed(network, asked.state));
  };
}

// The page
const PANELS = ["head", "bar", "filters", "card", "spectrum", "time", "scalp", "trials", "trial", "edits", "training"];

class Explorer {
  /** @param {HTMLElement} root @param {Data} data @param {string} text @param {boolean} ownsAddress */
  constructor(root, data, text, ownsAddress) {
    this.root = root;
    this.data = data;
    this.ownsAddress = ownsAddress;
    this.brushes = brushesOf(data);
    this.view = checkedView(data, ownsAddress ? decodeState(location.hash.slice(1)) : null);
    /** @type {Edits[]} */ this.past = [];
    /** @type {Edits[]} */ this.future = [];
    this.result = this.base = measuredResult(data);
    /** @type {((state: any) => Promise<Result>) | null} */ this.compute = null;
    this.busy = this.stale = this.tableOpen = false;
    this.python = "";
    this.frame = 0;
    this.width = -1; // not measured yet; a page that is folded up has 0
    this.status = make("p", { class: "status", role: "status", "aria-live": "polite" });
    /** @type {Record<string, {place: any, seen: any[] | null, width: number}>} */
    this.panels = Object.fromEntries(PANELS.map((name, at) => [name, { place: make(at < 2 ? "div" : "section", { class: `panel is-${name}` }), seen: null, width: 0 }]));
    const [head, sticky, filters, card, spectrum, time, scalp, trials, trial, edits, training] = PANELS.map(name => this.panels[name].place);
    root.replaceChildren(make("div", { class: "explorer" }, head, sticky, make("div", { class: "grid" }, filters, card, make("div", { class: "stack" }, spectrum, time), scalp, make("div", { class: "stack" }, trials, edits), trial, training)));
    root.addEventListener("keydown", event => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      if (event.shiftKey) this.step(this.future, this.past); else this.step(this.past, this.future);
    });
    new ResizeObserver(() => this.later()).observe(root);
    if (ownsAddress) addEventListener("hashchange", () => {
      const found = decodeState(location.hash.slice(1));
      if (found) { this.view = checkedView(data, found); this.recompute(); this.later(); }
    });
    this.draw();
    if (data.can_recompute) startNetwork(data, text, async compute => {
      this.result = this.base = { ...(await compute(stateOf(NO_EDITS))), edits: NO_EDITS };
      this.compute = compute;
      this.recompute();
    });
  }
  /** @param {Record<string, any>} changes */
  set(changes) {
    this.view = { ...this.view, ...changes };
    this.later();
    clearTimeout(this.timer);
    if (this.ownsAddress) this.timer = setTimeout(() => history.replaceState(null, "", "#" + encodeState(this.view)), 200);
  }
  /** @param {Edits} edits @param {boolean} step false while the pointer moves: its whole way is one step to undo */
  edit(edits, step = true) {
    if (JSON.stringify(edits) === JSON.stringify(this.view.edits)) return;
    if (step) this.remember(this.view.edits);
    this.python = "";
    this.set({ edits });
    this.recompute();
  }
  /** @param {Edits} edits what an undo comes back to */
  remember(edits) { this.past = [...this.past, edits]; this.future = []; }
  /** @param {Edits[]} from @param {Edits[]} to */
  step(from, to) {
    const edits = from.pop();
    if (edits) { to.push(this.view.edits); this.edit(edits, false); }
  }
  /** Ask what the edited network decides; edits that come meanwhile are computed together. */
  async recompute() {
    this.stale = this.busy;
    if (!this.compute || this.busy) return;
    this.busy = true;
    const { edits } = this.view;
    this.result = { ...(await this.compute(stateOf(edits))), edits };
    this.busy = false;
    if (this.stale) this.recompute();
    this.later();
  }

  later() { cancelAnimationFrame(this.frame); this.frame = requestAnimationFrame(() => this.draw()); }
  /** Draw the panels of which something changed; the focus stays where it is. */
  draw() {
    const { view, result } = this, { edits, filter } = view, focused = this.root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : null;
    /** @type {Record<string, any[]>} */
    const depends = {
      head: [], bar: [result, this.compute, this.python, this.past.length, this.future.length, edits], filters: [view.sort, view.descending, filter, edits.cutoffs, edits.mutedFilters],
      card: [filter, view.target, this.base, ...this.cutoffs(filter), edits.mutedFilters.includes(filter), result?.responses?.get(filter), isEdited(edits)],
      spectrum: [view.range_hz, view.channels, view.target, isEdited(edits)], time: [view.range_s, view.channels, view.target, isEdited(edits)], scalp: [view.range_hz, view.range_s, view.channels, view.target, edits.mutedChannels],
      trials: [view.trials, view.trial_sort, view.trial_descending, view.trial, view.range_hz, view.target, result], trial: [view.trial, view.target, view.channels, result], edits: [edits, result], training: [view.epoch, filter],
    };
    if (this.width !== this.root.clientWidth) { // measured before anything changes, or every panel would be laid out again
      this.width = this.root.clientWidth;
      for (const panel of Object.values(this.panels)) { panel.place.hidden = false; panel.seen = null; }
      for (const panel of Object.values(this.panels)) panel.width = Math.max(200, panel.place.clientWidth - 28);
    }
    for (const name of PANELS) {
      const panel = this.panels[name], seen = depends[name], before = panel.seen;
      if (before && seen.every((value, at) => Object.is(value, before[at]))) continue;
      panel.seen = seen;
      const tops = [...panel.place.querySelectorAll(".scroll")].map(one => one.scrollTop);
      const children = /** @type {any} */ (this)[name]().flat(4).filter(Boolean);
      panel.place.hidden = children.length === 0;
      panel.place.replaceChildren(...children);
      panel.place.querySelectorAll(".scroll").forEach((/** @type {Element} */ one, /** @type {number} */ at) => { one.scrollTop = tops[at] ?? 0; });
    }
    if (focused) /** @type {HTMLElement | null} */ (this.root.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  head() {
    const { data } = this, { accuracy } = data;
    const facts = [accuracy?.words, data.trials_words && `Shown here: ${data.trials_words}.`, data.held_out_words].filter(Boolean);
    return [make("h2", {}, data.title), make("p", { class: data.readable ? "verdict" : "verdict unreadable" }, data.verdict), make("p", { class: "facts" }, facts.map(words => make("span", {}, words)))];
  }

  bar() {
    const { data, result, base, view } = this, edited = isEdited(result?.edits ?? NO_EDITS); // of what was computed last
    if (!result || !base) return [data.why_not && make("p", { class: "note" }, `Nothing can be edited here. ${visible(data.why_not)}`)];
    const { accuracy, ci_low, ci_high } = result, chance = data.accuracy?.chance ?? 1 / data.class_names.length, known = Number.isFinite(accuracy);
    const words = ["Accuracy ", make("strong", {}, percent(accuracy, 1)), ci_low == null ? "" : ` [${percent(ci_low)}, ${percent(ci_high)}]`,
      edited ? `, before ${percent(base.accuracy, 1)}; ${result.changed.length} of ${result.predicted.length} decisions changed` : ` on ${result.predicted.length} trials`];
    if (this.said !== words.map(one => one.textContent ?? one).join("")) this.status.replaceChildren(...(known ? words : ["The classes of these trials are not known."])); // said aloud
    this.said = this.status.textContent;
    const at = (/** @type {string} */ name, /** @type {number} */ value, width = "") => make("span", { class: name, style: { left: `${100 * value}%`, width } });
    const gauge = known && make("div", { class: "gauge", "aria-hidden": "true" }, ci_low != null && at("reach", ci_low, `${100 * (ci_high - ci_low)}%`), at("chance", chance), edited && at("before", base.accuracy), at("now", accuracy));
    return [
      make("div", { class: edited ? "line edited" : "line" }, make("span", { class: "tag" }, edited ? "Edited network" : "Network as trained"), this.status, gauge, known && make("span", { class: "quiet" }, `chance ${percent(chance)}`),
        data.can_recompute && make("div", { class: "buttons" },
          button("undo", "Undo", () => this.step(this.past, this.future), { disabled: !this.past.length }), button("redo", "Redo", () => this.step(this.future, this.past), { disabled: !this.future.length }),
          button("reset", "Reset", () => this.edit(NO_EDITS), { disabled: !isEdited(view.edits) }), button("python", "Copy as Python", () => this.copy()))),
      !data.can_recompute && make("p", { class: "note" }, `Nothing can be edited: this network cannot be computed in the browser. ${visible(data.why_not ?? "")}`),
      this.python && make("div", { class: "code" }, make("p", { class: "quiet" }, this.copied, " ", button("python-close", "Close", () => { this.python = ""; this.later(); })), make("pre", { tabindex: "0", role: "region", "aria-label": "Python" }, make("code", {}, ...this.python.split("\n").flatMap(line => [line, make("br")])))),
    ];
  }

  async copy() {
    const { data, view } = this, isChosen = data.arrays.relevance && (view.range_hz || view.range_s);
    this.python = asPython(data, stateOf(view.edits), isChosen ? this.chosen : null);
    this.copied = await navigator.clipboard?.writeText(this.python).then(() => "Copied. This computes the same in Python:", () => "") || "This computes the same in Python:";
    this.later();
  }

  // Filters
  /** @param {number} filter @returns {[number, number]} */
  cutoffs(filter) {
    const { filters } = this.data, edit = this.view.edits.cutoffs.find(one => one[0] === filter);
    return edit ? [edit[1], edit[2]] : [filters.nominal_low_hz[filter], filters.nominal_high_hz[filter]];
  }
  /** @param {number} filter */
  nominal(filter) { return span(this.data.filters.nominal_low_hz[filter], this.data.filters.nominal_high_hz[filter]); }
  /** @param {number} filter */
  measured(filter) { return span(this.data.filters.measured_low_hz[filter], this.data.filters.measured_high_hz[filter]); }
  /** @param {string} where @param {Mutes} list @param {number} index @param {string} name @param {any} [label] */
  mute(where, list, index, name, label) {
    const muted = this.view.edits[list].includes(index);
    return this.data.can_recompute && toggle(`${where}-${list}-${index}`, label ?? (muted ? "Muted" : "Mute"), muted, () => this.edit(toggled(this.view.edits, list, index)), { class: "mute", "aria-label": label ? null : `Mute ${visible(name)}` });
  }
  /** The head of a column that sorts. @param {"sort" | "trial_sort"} sort @param {string} key @param {string} label @param {string} title */
  sorter(sort, key, label, title = "") {
    const way = sort === "sort" ? "descending" : "trial_descending", active = this.view[sort] === key, descending = this.view[way];
    return make("th", { scope: "col", class: `column-${key}`, "aria-sort": active ? (descending ? "descending" : "ascending") : "none" }, button(`${sort}-${key}`, [label, active ? (descending ? " ▾" : " ▴") : ""],
      () => this.set({ [sort]: key, [way]: active ? !descending : ["relevance_share", "importance", "drift_hz", "share"].includes(key) }), { title: title || null }));
  }

  filters() {
    const { data, view } = this, { filters } = data, most = Math.min(data.sfreq_hz / 2, 1.15 * Math.max(...filters.nominal_high_hz.filter(Number.isFinite), 30)), axis = frequencyScale(100, most);
    /** @type {[string, string, string, (filter: number) => any][]} */
    const columns = [
      ["number", "Filter", "", f => button(`filter-${f}`, filters.number[f], () => this.set({ filter: f }), { class: "link", "aria-current": f === view.filter ? "true" : null })],
      ["rhythm", "Rhythm", "The rhythm in which its response peaks", f => filters.rhythm[f]], ["relevance_share", "Relevance", "Its share of the relevance of all filters", f => percent(filters.relevance_share[f])],
      ["importance", "Importance", data.importance_words ?? "How much what it adds to the scores varies from trial to trial", f => numeral(filters.importance[f])],
      ["peak_hz", "Peak", "Where its response is largest, in Hz", f => hertz(filters.peak_hz[f])], ["nominal_low_hz", "Nominal", "Its cut-offs, in Hz", f => this.nominal(f)],
      ["measured_low_hz", "Measured", "What its kernel lets through, in Hz", f => this.measured(f)], ["drift_hz", "Drift", "How far its centre moved in training, in Hz", f => signed(filters.drift_hz[f])],
    ];
    const shown = columns.filter(([key]) => filters[key]?.some(one => one != null && one !== ""));
    const band = (/** @type {string} */ name, /** @type {any} */ low, /** @type {any} */ high, /** @type {number} */ y) => low != null && make("svg:rect", { class: name, x: axis.at(low), width: Math.max(2, axis.at(high ?? most) - axis.at(low)), y, height: 4 });
    const picture = (/** @type {number} */ f) => make("svg:svg", { width: 100, height: 16, viewBox: "0 0 100 16", "aria-hidden": "true" }, axis.values.map(hz => stroke("grid-line", axis.at(hz), 0, axis.at(hz), 16)),
      band("nominal", ...this.cutoffs(f), 3), band("measured", filters.measured_low_hz[f], filters.measured_high_hz[f], 9));
    const rows = ordered(filters[view.sort] ?? filters.number, view.descending).map(f => make("tr", { class: f === view.filter ? "current" : null, onclick: () => this.set({ filter: f }) },
      shown.map(([key, , , cell]) => make("td", { class: `column-${key}${key === "relevance_share" && !data.readable ? " doubtful" : ""}` }, cell(f))), make("td", { class: "column-strip" }, picture(f)), data.can_recompute && make("td", {}, this.mute("row", "mutedFilters", f, `filter ${filters.number[f]}`))));
    return [
      make("h3", {}, "Filters ", !data.readable && filters.relevance_share && make("span", { class: "tag warn", title: data.verdict }, "their relevance cannot be read")), make("p", { class: "key column-strip" }, swatch("nominal", "nominal band: the cut-offs"), swatch("measured", "measured band: what the kernel lets through")),
      table("Table of filters", [...shown.map(([key, label, title]) => this.sorter("sort", key, label, title)), make("th", { scope: "col", class: "column-strip" }, "Bands"), data.can_recompute && "Without"], rows, "sortable"),
    ];
  }

  card() {
    const { data, view } = this, f = view.filter, { filters, arrays } = data, number = filters.number[f], [low, high] = this.cutoffs(f), edited = view.edits.cutoffs.some(one => one[0] === f);
    const facts = Object.entries({ rhythm: filters.rhythm[f], nominal: `${this.nominal(f)} Hz`, measured: `${this.measured(f)} Hz`, peak: `${hertz(filters.peak_hz[f])} Hz`, relevance: percent(filters.relevance_share?.[f]), importance: numeral(filters.importance?.[f]), drift: `${signed(filters.drift_hz?.[f])} Hz` });
    const maps = ["spatial", "patterns"].filter(name => arrays[name]).flatMap(name => Array.from({ length: Math.min(4, arrays[name].shape[1]) }, (_, unit) => this.map(part(arrays[name], f, unit), `${name === "spatial" ? "weights" : "pattern"} ${arrays[name].shape[1] > 1 ? unit + 1 : ""}`)));
    const findings = data.findings.filter(one => one.filters?.includes(number)).sort((a, b) => a.filters.length - b.filters.length);
    return [
      make("div", { class: "title" }, make("h3", {}, `Filter ${number}`), this.mute("card", "mutedFilters", f, "", view.edits.mutedFilters.includes(f) ? `Without filter ${number}: bring it back` : `Without filter ${number}`)),
      make("dl", { class: "values" }, facts.filter(([, value]) => value && !value.startsWith("–")).map(([name, value]) => make("div", { class: name === "relevance" && !data.readable ? "doubtful" : null }, make("dt", {}, name), make("dd", {}, value)))),
      arrays.response_hz && this.response(f, low, high, edited),
      data.can_edit_cutoffs && make("div", { class: "inputs" }, this.numberInput("cut-low", "Low cut-off, Hz", low, value => this.edit(withCutoffs(data, view.edits, f, Math.min(value, high - 0.5), high))),
        this.numberInput("cut-high", "High, Hz", high, value => this.edit(withCutoffs(data, view.edits, f, low, value))), edited && button("cut-back", `Back to ${this.nominal(f)} Hz`, () => this.edit(withoutCutoffs(view.edits, f)))),
      maps.length > 0 && arrays.topomap && [make("h4", {}, "Weights and patterns of its units"), make("div", { class: "maps" }, maps)],
      arrays.filter_relevance && arrays.topomap && [make("h4", {}, "Relevance of its output ", this.unreadable()), make("div", { class: `maps ${this.guard}` }, data.targets.map((name, target) => this.map(part(arrays.filter_relevance, target, f), data.targets.length > 1 ? `for ${visible(name)}` : visible(name))))],
      this.speaking(f), findings.map(one => make("div", { class: `finding ${one.severity}` }, make("p", {}, one.message), make("p", { class: "quiet" }, one.remedy))),
    ];
  }
  /** What a filter lets through; its cut-offs can be dragged. @param {number} f @param {number} low @param {number} high @param {boolean} edited */
  response(f, low, high, edited) {
    const { response_hz, response_db } = this.data.arrays, { filters, can_edit_cutoffs } = this.data, hz = response_hz.values, width = this.panels.card.width, base = 124, axis = frequencyScale(width, hz[hz.length - 1]), xs = Array.from(hz, axis.at);
    const y = (/** @type {number} */ db) => 8 + ((base - 8) * Math.min(1, Math.max(0, -db / 40))), values = part(response_db, f), top = Math.max(...values), now = edited && this.result?.responses?.get(f);
    const band = (/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ at, /** @type {number} */ height) => make("svg:rect", { class: name, x: axis.at(from), width: Math.max(1, axis.at(to) - axis.at(from)), y: at, height });
    const drawn = drawing(width, 144, `Response of filter ${filters.number[f]}: cut-offs ${span(low, high)} Hz, measured band ${this.measured(f)} Hz`,
      [0, -20].map(db => [stroke("grid-line", 0, y(db), width, y(db)), tick(`${numeral(db).replace(".00", "").replace(".0", "")} dB`, width, y(db) + 12, "end")]), Number.isFinite(low) && band("nominal-band", low, high, 8, base - 8),
      filters.measured_low_hz[f] != null && band("measured", filters.measured_low_hz[f], filters.measured_high_hz[f] ?? hz[hz.length - 1], base - 4, 4),
      path(edited ? "curve was" : "curve", way(xs, at => y(values[at] - top))), now && path("curve", way(xs, at => y(now[at] - Math.max(...now)))), scaleTicks(axis, 144),
      can_edit_cutoffs && [low, high].map(one => make("svg:g", { class: "handle" }, stroke("", axis.at(one), 8, axis.at(one), base), make("svg:circle", { cx: axis.at(one), cy: base / 2, r: 6 }))));
    if (can_edit_cutoffs) drawn.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const { left } = drawn.getBoundingClientRect(), start = event.clientX - left, before = this.view.edits, isLow = Math.abs(axis.at(low) - start) < Math.abs(axis.at(high) - start);
      follow(event, moved => {
        const to = axis.of(moved.clientX - left), [a, b] = this.cutoffs(f);
        this.edit(withCutoffs(this.data, this.view.edits, f, isLow ? Math.min(to, b - 0.5) : a, isLow ? b : Math.max(to, a + 0.5)), false);
      }, () => { if (this.view.edits !== before) this.remember(before); this.later(); });
    });
    return drawn;
  }
  /** What a filter adds to the difference that a target stands for, in each trial, beyond its mean: that is the same for all. @param {Result} result @param {number} f */
  added(result, f) {
    const { data } = this, [one, other] = sides(data, this.view.target), at = (/** @type {number} */ trial, /** @type {number} */ of) => result.filter_scores[(trial * data.class_names.length + of) * data.filters.number.length + f];
    const values = Array.from(result.predicted, (_, trial) => at(trial, one) - (other == null ? 0 : at(trial, other))), mean = sum(values) / values.length;
    return values.map(value => value - mean);
  }
  /** The trials in which a filter speaks most for and against. @param {number} f */
  speaking(f) {
    const { base, view } = this, [one] = sides(this.data, view.target);
    if (!base?.filter_scores || one < 0) return null;
    const values = this.added(base, f), order = ordered(values, true);
    const links = (/** @type {number[]} */ trials) => trials.map(trial => this.trialLink("card", trial, ` ${signed(values[trial])}`));
    return [make("h4", {}, "Its trials", isEdited(view.edits) ? " (network as trained)" : ""), make("p", { class: "quiet" }, `What it adds to ${this.scoreWords}, compared with its mean over trials:`),
      make("p", { class: "quiet" }, "most in ", links(order.slice(0, 4))), make("p", { class: "quiet" }, "least in ", links(order.slice(-4).reverse()))];
  }
  /** @param {string} where @param {number} trial @param {string} more */
  trialLink(where, trial, more = "") {
    const number = this.data.arrays.trial_number?.values[trial] ?? trial;
    return [button(`${where}-trial-${trial}`, number, () => this.set({ trial }), { class: "link", "aria-label": `Trial ${number}` }), more, " "];
  }
  /** What positive and negative values of the target mean, of single trials or averaged: a contrast of two classes separates them. */
  speaksFor(averaged = false) {
    const { class_names, targets } = this.data, [one, other] = sides(this.data, this.view.target), name = visible(class_names[one] ?? targets[this.view.target]);
    if (averaged && this.data.contrast && targets.length === 1 && other != null) return [`separates ${name} from ${visible(class_names[other])}`, "makes them alike"];
    return [`for ${name}`, other == null ? `against ${name}` : `for ${visible(class_names[other])}`];
  }
  /** Of which score `added` tells the parts. */
  get scoreWords() {
    const [one, other] = sides(this.data, this.view.target), name = (/** @type {number} */ at) => visible(this.data.class_names[at]);
    return `the score for ${name(one)}${other == null ? "" : ` minus that for ${name(other)}`}`;
  }

  signKey(averaged = false) { const [one, other] = this.speaksFor(averaged); return make("p", { class: `key ${this.guard}` }, swatch("positive", one), swatch("negative", other)); }
  get guard() { return this.data.readable ? "" : "guarded"; }
  unreadable() { return !this.data.readable && make("span", { class: "tag warn", title: this.data.verdict }, "cannot be read"); }
  /** @param {string} key @param {string} label @param {number} value @param {(value: number) => void} change @param {Record<string, string> | null} [limits] */
  numberInput(key, label, value, change, limits) {
    return make("label", {}, label, make("input", { type: "number", "data-key": key, step: "0.5", min: "0", max: String(Math.floor(this.data.sfreq_hz / 2)), value: hertz(value), ...limits,
      onchange: (/** @type {any} */ { target }) => { if (Number.isFinite(target.valueAsNumber)) change(target.valueAsNumber); else this.later(); } }));
  }

  // Scalp and spectrum
  /** A small map with its name. @param {ArrayLike<number>} values @param {string} name */
  map(values, name) {
    const names = this.data.ch_names, size = 84;
    return make("figure", {}, this.headMap(values, largest(values), size, { role: "img", "aria-label": `${name}: largest at ${visible(names[bySize(values)[0]])}` }), make("figcaption", {}, name));
  }
  /** The colours of a map in the outline of a head. @param {ArrayLike<number>} values @param {number} most @param {number} size @param {Record<string, any>} properties @param {any[]} over */
  headMap(values, most, size, properties, ...over) {
    const { topomap } = this.data.arrays, canvas = make("canvas", { width: 2 * size, height: 2 * size, "aria-hidden": "true" }), at = (/** @type {number} */ x) => size / 2 + (x * size) / 2.5;
    if (topomap) paint(canvas, scalp(this.data, values), Math.sqrt(topomap.shape[0]), most);
    const outline = make("svg:svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}`, ...properties }, path("head-line", `M${at(-0.12)} ${at(-0.99)}L${at(0)} ${at(-1.14)}L${at(0.12)} ${at(-0.99)}`), make("svg:circle", { class: "head-line", cx: at(0), cy: at(0), r: size / 2.5 }),
      [-1, 1].map(side => path("head-line", `M${at(side * 0.99)} ${at(-0.15)}Q${at(side * 1.12)} ${at(0)} ${at(side * 0.99)} ${at(0.15)}`)), over);
    return make("div", { class: "head-map", style: { width: `${size}px`, height: `${size}px` } }, canvas, outline);
  }
  /** The chosen part of an axis; an open end takes in all that is above. @param {Dim} dim */
  range(dim = "frequency") {
    const brush = this.brushes[dim], kept = this.view[brush?.kept], [low, high] = kept ?? [brush?.low ?? 0, null];
    return { low, high: high ?? Infinity, words: kept ? brush?.words(low, high) : `all ${brush?.name ?? "frequencies"}` };
  }
  get chosen() { return chosenIn(this.data, this.view.range_hz, this.view.range_s); }
  /** Choose a part of an axis; where nothing is known of both, what was chosen of the other is given up. @param {Brush} brush @param {(number | null)[] | null} range */
  choose({ kept }, range) {
    this.python = "";
    this.set({ ...(range && !this.data.arrays.time_frequency_relevance ? { range_hz: null, range_s: null } : {}), [kept]: range });
  }
  get channelWords() {
    const { channels } = this.view, names = this.data.ch_names;
    return channels.length === 0 ? `all ${names.length} channels` : channels.length > 5 ? `${channels.length} channels` : channels.map((/** @type {number} */ at) => visible(names[at])).join(", ");
  }

  spectrum() { return this.brushes.frequency ? this.brushed("frequency") : []; }
  time() { return this.brushes.time ? this.brushed("time") : []; }
  /** Relevance along an axis, of which a part can be chosen. @param {Dim} dim */
  brushed(dim) {
    const { data, view } = this, brush = /** @type {Brush} */ (this.brushes[dim]), { kept, array, key, name, unit, at, low, end, step, top, base, snap, bands } = brush, range = this.range(dim), { width } = this.panels[dim === "time" ? "time" : "spectrum"], scale = brush.scale(width), isChosen = view[kept] != null;
    const values = sumOverChannels(data.arrays[array], view.target, view.channels.length ? view.channels : data.ch_names.keys()), xs = Array.from(at, scale.at), label = name[0].toUpperCase() + name.slice(1);
    const most = Math.max(...values, 0), least = Math.min(...values, 0), y = (/** @type {number} */ value) => top + ((base - top) * (most - value)) / (most - least || 1), high = Math.min(range.high, end);
    const setRange = (/** @type {number} */ from, /** @type {number} */ to) => this.choose(brush, from <= low && to >= end ? null : [Math.max(low, from), to >= end ? null : to]);
    const area = (/** @type {string} */ name, /** @type {(...values: number[]) => number} */ cut) => path(`area ${name}`, `${way(xs, at => y(cut(values[at], 0)))}L${xs[xs.length - 1]} ${y(0)}L${xs[0]} ${y(0)}Z`);
    const behind = bands.map((/** @type {Band} */ { name, ranges_hz: [[from, to]] }) => { const a = scale.at(from), b = scale.at(to ?? end); return [stroke("grid-line", a, 4, a, base), b - a > 36 && tick(name, (a + b) / 2, 14)]; });
    const drawn = drawing(width, base + 20, `Relevance by ${dim}, ${this.channelWords}; drag to choose ${name}`, behind, make("svg:rect", { class: "brush", x: scale.at(range.low), width: Math.max(1, scale.at(high) - scale.at(range.low)), y: top - 4, height: base + 4 - top }),
      area("positive", Math.max), area("negative", Math.min), stroke("zero-line", 0, y(0), width, y(0)), low < 0 && stroke("zero-line", scale.at(0), top - 4, scale.at(0), base), scaleTicks(scale, base + 20, unit));
    drawn.classList.add("brushed");
    drawn.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const { left } = drawn.getBoundingClientRect(), start = event.clientX - left, edge = isChosen ? [range.low, high].find(one => Math.abs(scale.at(one) - start) < 7) : null;
      const anchor = edge == null ? scale.of(start) : edge === high ? range.low : high; // an edge is dragged, or a new range begins
      follow(event, moved => { const [a, b] = [anchor, scale.of(moved.clientX - left)].map(snap).sort((one, other) => one - other); if (b > a) setRange(a, b); });
    });
    const total = sum(values), inRange = sum(values.slice(...indicesIn(at, range.low, range.high)));
    return [
      make("h3", {}, `Which ${name} `, this.unreadable()), dim === "frequency" && !data.readable && make("p", { class: "quiet" }, data.verdict),
      dim === "frequency" && data.targets.length > 1 && chips("Relevance for", data.targets.map((name, target) => toggle(`target-${target}`, `for ${visible(name)}`, target === view.target, () => this.set({ target })))),
      chips(label, toggle(`${key}-all`, "all", !isChosen, () => this.choose(brush, null)), bands.map((/** @type {Band} */ { name, words, ranges_hz: [range] }, /** @type {number} */ at) => toggle(`${key}-${at}`, bandName({ name, words }), JSON.stringify(range) === JSON.stringify(view[kept]), () => this.choose(brush, range), { title: words }))),
      make("div", { class: this.guard }, drawn), this.signKey(true),
      make("div", { class: "inputs" }, this.numberInput(`${key}-low`, `From, ${unit}`, range.low, value => setRange(value, Math.max(range.high, value + step)), brush.input(range.low)), this.numberInput(`${key}-high`, `to, ${unit}`, high, value => setRange(Math.min(range.low, value - step), value), brush.input(high))),
      make("p", { class: "sum", "aria-live": "polite" }, `${range.words}${brush.others}, ${this.channelWords}: `, make("strong", {}, signed(inRange)), ` of ${signed(total)}${isChosen && Math.abs(total) > 1e-9 ? ` (${percent(inRange / total)})` : ""}.`),
      make("p", { class: "quiet" }, brush.note, isEdited(view.edits) && " Relevance is that of the network as trained, whatever is edited."),
    ];
  }
  /** Sums over what is chosen for every channel, with intervals where these are those of a band. */
  channelSums() {
    const { data, view } = this, { band_ci_low, band_ci_high } = data.arrays;
    const band = view.range_s ? -1 : data.bands.findIndex(one => one.ranges_hz.length === 1 && view.range_hz && JSON.stringify(one.ranges_hz[0]) === JSON.stringify(view.range_hz));
    const of = (/** @type {Values} */ array) => (band >= 0 && array ? part(array, view.target, band) : null);
    return { values: sumOverRanges(data, view.target, this.chosen), low: of(band_ci_low), high: of(band_ci_high) };
  }
  /** Which frequencies and times a map shows; of both, which cells it sums. */
  get chosenWords() {
    const { data, view, chosen: { axes, ranges } } = this;
    if (!view.range_s || !view.range_hz) return [view.range_s ? this.range("time").words : this.range().words, null];
    const { frequency_resolution_hz, time_resolution_s, most_hz, share } = data.time_frequency, [hz, s] = axes.map(({ at }, i) => at.slice(...ranges[i])).map(at => [at[0] ?? NaN, at[at.length - 1]]);
    return [`${this.range().words} at ${this.range("time").words}`, make("p", { class: "quiet cells" }, ![...hz, ...s].includes(NaN) && `Sum of the cells centred on ${hz[0] < hz[1] ? span(hz[0], hz[1]) : hertz(hz[0])} Hz and ${s[0] < s[1] ? `${seconds(s[0])} to ` : ""}${seconds(s[1])} s; resolution ${hertz(frequency_resolution_hz)} Hz and ${seconds(time_resolution_s)} s.`,
      share < 1 && this.range().high > most_hz && ` Above ${hertz(most_hz)} Hz lie ${percent(1 - share, 1)} of the relevance, left out here.`)];
  }

  scalp() {
    const { data, view } = this, { positions, relevance } = data.arrays, names = data.ch_names;
    if (!relevance) return [];
    const { values, low, high } = this.channelSums(), most = largest(values), size = Math.min(340, this.panels.scalp.width), chosen = new Set(view.channels), [words, cells] = this.chosenWords, known = positions ? [...names.keys()].filter(at => Number.isFinite(positions.values[2 * at])) : [];
    const roles = rolesIn(data, view.target, this.range().low, view.range_hz && !view.range_s ? this.range().high : -1);
    const interval = (/** @type {number} */ at) => (low && high ? `${signed(low[at])} to ${signed(high[at])}` : "");
    const told = (/** @type {number} */ at) => `${visible(names[at])}: ${signed(values[at])}${low ? `, 95 % interval ${interval(at)}` : ""}${roles[at].words}`;
    const readout = make("p", { class: "readout" }, "Point at an electrode for its value; press to choose it, or draw around several.", !low && ` Intervals exist for whole bands, not for these ${view.range_s ? "times" : "frequencies"}.`), tell = (/** @type {number} */ at) => { readout.textContent = told(at); };
    const choose = (/** @type {Iterable<number>} */ channels) => this.set({ channels: [...channels].sort((a, b) => a - b) }), flip = (/** @type {number} */ at) => choose(chosen.has(at) ? view.channels.filter((/** @type {number} */ one) => one !== at) : [...chosen, at]);
    const x = (/** @type {number} */ at) => size / 2 + (positions.values[2 * at] * size) / 2.5, y = (/** @type {number} */ at) => size / 2 - (positions.values[2 * at + 1] * size) / 2.5;
    const onkeydown = (/** @type {KeyboardEvent} */ event, /** @type {number} */ at) => {
      const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (direction || event.key === " " || event.key === "Enter") event.preventDefault();
      if (event.key === " " || event.key === "Enter") flip(at);
      if (!direction) return;
      const costs = known.map(to => { const [dx, dy] = [x(to) - x(at), y(to) - y(at)], along = dx * direction[0] + dy * direction[1], aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]); return along > 1 && along >= 0.7 * aside ? along + 2 * aside : Infinity; });
      const to = ordered(costs)[0];
      if (costs[to] < Infinity) dots[to].focus();
    };
    const reached = known.find(at => chosen.has(at)) ?? known[0]; // by the Tab key; arrows lead on from there
    const dots = known.map(at => make("svg:circle", { class: `electrode${chosen.has(at) ? " chosen" : ""}${view.edits.mutedChannels.includes(at) ? " muted" : ""}`, cx: x(at), cy: y(at), r: Math.max(3, Math.min(5.5, 26 / Math.sqrt(known.length))) + (chosen.has(at) ? 1.5 : 0), "data-key": `electrode-${at}`, tabindex: at === reached ? "0" : "-1", role: "option",
      "aria-selected": String(chosen.has(at)), "aria-label": told(at), onpointerenter: () => tell(at), onfocus: () => tell(at), onclick: () => flip(at), onkeydown: (/** @type {KeyboardEvent} */ event) => onkeydown(event, at) }));
    const ring = (/** @type {number} */ at, r = 9) => path(`role-${roles[at].role}`, roles[at].role === 1 ? `M${x(at) - r} ${y(at)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0` : `M${x(at)} ${y(at) - r - 2}l${r} ${r + 2}l${-r} ${r + 2}l${-r} ${-r - 2}Z`);
    const lasso = path("lasso", ""), map = this.headMap(values, most, size, { role: "listbox", "aria-multiselectable": "true", "aria-label": "Electrodes: arrow keys move, the space bar chooses" }, known.filter(at => roles[at].role).map(at => ring(at)), dots, lasso), surface = map.querySelector("svg");
    surface.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (/** @type {Element} */ (event.target).matches(".electrode")) return;
      const box = surface.getBoundingClientRect(), points = [[event.clientX - box.left, event.clientY - box.top]];
      follow(event, moved => { points.push([moved.clientX - box.left, moved.clientY - box.top]); lasso.setAttribute("d", `M${points.map(one => one.join(" ")).join("L")}Z`); }, () => choose(points.length < 4 ? [] : known.filter(at => inside(points, x(at), y(at)))));
    });
    const scale = make("canvas", { width: 100, height: 1, class: "scale", "aria-hidden": "true" }), pen = scale.getContext("2d");
    for (let at = 0; at < 100; at++) { pen.fillStyle = `rgb(${colour(at / 49.5 - 1).join(" ")})`; pen.fillRect(at, 0, 1, 1); }
    const rows = bySize(values).map(at => make("tr", { class: chosen.has(at) ? "current" : null }, make("td", {}, make("label", {}, make("input", { type: "checkbox", "data-key": `choose-${at}`, checked: chosen.has(at), onchange: () => flip(at) }), ` ${visible(names[at])}`)),
      make("td", { class: "number" }, signed(values[at])), data.can_recompute && make("td", {}, this.mute("channel", "mutedChannels", at, names[at])), low && make("td", { class: "number" }, interval(at))));
    return [
      make("h3", {}, "Where on the scalp ", this.unreadable()), make("p", { class: "quiet" }, `Relevance of ${words}; positive: ${this.speaksFor(true)[0]}`), cells,
      known.length > 0 && data.arrays.topomap && [make("div", { class: this.guard }, map), make("p", { class: `key middle ${this.guard}` }, numeral(-most), " ", scale, ` +${numeral(most)}`), readout, make("p", { class: "quiet" }, ["", "Ring", "Diamond"].map((shape, role) => roles.some(one => role && one.role === role) && `${shape}: ${ROLES[role]}. `))],
      view.channels.length > 0 && button("choose-none", `Choose all electrodes again (${view.channels.length} chosen)`, () => choose([])),
      make("details", { open: this.tableOpen || known.length === 0, ontoggle: (/** @type {any} */ { target }) => { this.tableOpen = target.open; } }, make("summary", { "data-key": "electrodes" }, "Electrodes as a table", data.can_recompute && ", to mute some"),
        table("Table of electrodes", ["Electrode", "Relevance", data.can_recompute && "Without", low && "95 % interval"], rows)),
    ];
  }

  // Trials
  trials() {
    const { data, view, result } = this, range = this.range(), { code, trial_number, seen, trial_spectrum } = data.arrays, names = data.class_names;
    if (!result) return [];
    const every = [...result.predicted.keys()], changed = new Set(result.changed), wrong = (/** @type {number} */ trial) => code?.values[trial] >= 0 && code.values[trial] !== result.predicted[trial];
    /** @type {Record<string, [string, number[]]>} */
    const groups = { all: ["all", every], ...(code ? { misread: ["misread", every.filter(wrong)] } : {}), ...(isEdited(result.edits) ? { changed: ["changed by the edits", every.filter(trial => changed.has(trial))] } : {}) };
    const group = groups[view.trials] ? view.trials : "all", shown = groups[group][1], shares = trial_spectrum ? trialsIn(data, view.target, range.low, range.high) : null, most = largest(shares ?? []);
    /** @type {Record<string, any[]>} */
    const by = { number: every.map(trial => trial_number?.values[trial] ?? trial), class: every.map(trial => names[code?.values[trial]] ?? "?"), read: every.map(trial => names[result.predicted[trial]]), margin: every.map(trial => this.margin(trial)), share: Array.from(shares ?? []) };
    const rows = ordered(shown.map(trial => (by[view.trial_sort] ?? by.number)[trial]), view.trial_descending).map(at => shown[at]).map(trial => make("tr", { class: trial === view.trial ? "current" : null, onclick: () => this.set({ trial }) },
      make("td", {}, button(`trial-${trial}`, by.number[trial], () => this.set({ trial }), { class: "link", "aria-current": trial === view.trial ? "true" : null })), code && make("td", {}, by.class[trial]),
      make("td", {}, wrong(trial) ? make("strong", { class: "wrong" }, `✗ ${visible(by.read[trial])}`) : by.read[trial], changed.has(trial) && make("span", { class: "tag warn" }, "changed"), seen?.values[trial] === 1 && make("span", { class: "tag" }, "in training")),
      code && make("td", { class: "number column-margin" }, signed(by.margin[trial])), shares && make("td", { class: `track ${this.guard}`, title: signed(shares[trial]) }, make("span", { class: "zero", style: { left: "50%" } }), bar(0.5, 0.5 + (0.48 * shares[trial]) / most, shares[trial] < 0), make("span", { class: "hidden" }, signed(shares[trial])))));
    const head = (/** @type {string} */ key, /** @type {string} */ label, title = "") => this.sorter("trial_sort", key, label, title);
    return [
      make("h3", {}, "Trials"), chips("Which trials", Object.entries(groups).map(([key, [label, list]]) => toggle(`trials-${key}`, `${label} (${list.length})`, key === group, () => this.set({ trials: key, trial: list.includes(view.trial) || !list.length ? view.trial : list[0] })))),
      rows.length ? table("Table of trials", [head("number", "Trial"), code && head("class", "Class"), head("read", "Read as"), code && head("margin", "Margin", "Score of its class minus the best other score"), shares && head("share", "Relevance", `Of ${range.words}, ${this.speaksFor()[0]}`)], rows, "sortable") : make("p", { class: "quiet" }, "None."),
      make("p", { class: "quiet" }, `Shown: ${data.trials_words}.`, shares && ` Relevance: of ${range.words}; positive: ${this.speaksFor()[0]}.`),
    ];
  }
  /** Score of the true class minus the best other. @param {number} trial */
  margin(trial) {
    const total = this.data.class_names.length, truth = this.data.arrays.code?.values[trial] ?? -1, scores = Array.from(this.result?.scores?.subarray(trial * total, trial * total + total) ?? []);
    return truth < 0 || !scores.length ? NaN : scores[truth] - Math.max(...scores.filter((_, at) => at !== truth));
  }

  trial() {
    const { data, view, result, base } = this, { trial } = view, { code, trial_relevance, trial_number, signals } = data.arrays, names = data.class_names;
    if (!result || !base || trial == null) return [];
    const truth = code ? code.values[trial] : -1, decided = result.predicted[trial], before = base.predicted[trial], wrong = truth >= 0 && truth !== decided, [one] = sides(data, view.target), name = (/** @type {number} */ at) => visible(names[at] ?? "?");
    let channels = view.channels.slice(0, 4), shares = null;
    if (trial_relevance) {
      const [, , , count] = trial_relevance.shape, cells = part(trial_relevance, trial, view.target), byChannel = data.ch_names.map((_, channel) => sum(cells.filter((_, at) => at % count === channel))), order = bySize(byChannel);
      const rest = sum(order.slice(6).map(at => byChannel[at])), byBand = data.bands.map((band, at) => ({ label: bandName(band), value: sum(cells.subarray(at * count, (at + 1) * count)) }));
      if (!channels.length) channels = order.slice(0, 3);
      shares = [make("h4", {}, `Relevance for ${visible(data.targets[view.target])}: a sum of ${signed(sum(cells))} `, this.unreadable()), make("div", { class: `two ${this.guard}` }, bars(byBand, "over bands", true), bars([...order.slice(0, 6).map(at => ({ label: visible(data.ch_names[at]), value: byChannel[at] })), ...(order.length > 6 ? [{ label: "the others", value: rest }] : [])], "over channels", true)),
        this.signKey(), isEdited(view.edits) && make("p", { class: "quiet" }, "Shares are those of the network as trained.")];
    }
    const why = wrong && trial_relevance && before === decided ? misleading(data, trial, decided) : null, filters = data.filters.number, added = result.filter_scores && one >= 0 ? filters.map((_, f) => this.added(result, f)[trial]) : [];
    return [
      make("h3", {}, `Trial ${trial_number?.values[trial] ?? trial}`), make("p", {}, code && ["Class ", make("strong", {}, name(truth)), ", "], "read as ", make("strong", { class: wrong ? "wrong" : null }, name(decided)), before !== decided && `, as ${name(before)} before the edits`, "."),
      result.scores && make("p", { class: "quiet" }, "Scores: ", names.map((_, at) => `${name(at)} ${signed(result.scores[trial * names.length + at])}`).join(", ")),
      why && why.cells.length > 0 && make("div", { class: `why ${this.guard}` }, make("h4", {}, "Why it was misread"), make("p", {}, `For ${name(decided)} rather than ${name(truth)} spoke as a whole: `, why.bands.filter(({ value }) => value >= 0.1 * why.bands[0].value).map(one => `${bandName(data.bands[one.band])} ${signed(one.value)}`).join(", ") || "no band", "."),
        make("p", { class: "quiet" }, "Single channels that spoke most for it, others against it:"), make("ol", {}, why.cells.slice(0, 5).map(cell => make("li", {}, `${bandName(data.bands[cell.band])} at ${visible(data.ch_names[cell.channel])}, ${signed(cell.value)}`)))),
      shares, added.length > 0 && bars(bySize(added).slice(0, 6).map(f => ({ label: button(`by-filter-${f}`, `filter ${filters[f]}`, () => this.set({ filter: f }), { class: "link" }), value: added[f] })), `What single filters add to ${this.scoreWords}, compared with their means over trials: the largest${isEdited(result.edits) ? ", as edited" : ""}`),
      signals && [make("h4", {}, `Signal${data.unit ? `, ${data.unit}` : ""}`), this.signal(trial, channels.length ? channels : [0])],
    ];
  }
  /** @param {number} trial @param {number[]} channels */
  signal(trial, channels) {
    const { data } = this, { signals, signal_scale } = data.arrays, width = this.panels.trial.width, height = 150, count = signals.shape[2], seconds = count / data.sfreq_hz, x = (/** @type {number} */ at) => LEFT + ((width - LEFT - 4) * at) / (count - 1);
    const curves = channels.map(at => Array.from(part(signals, trial, at), one => one * part(signal_scale, trial, at)[0])), most = Math.max(...curves.map(largest)), y = (/** @type {number} */ value) => 68 - (60 * value) / most, xs = curves[0].map((_, at) => x(at));
    return [drawing(width, height, `Signal at ${channels.map(at => data.ch_names[at]).join(", ")}`, rules(ticks(-most, most), y, width), curves.map((curve, at) => path("signal", way(xs, one => y(curve[one])), COLOURS[at])),
      ticks(0, seconds, 4).map(one => tick(`${String(Math.round(one * 100) / 100)} s`, Math.min(width - 14, LEFT + ((width - LEFT) * one) / seconds), height - 4))), make("p", { class: "key" }, channels.map((at, index) => swatch("", data.ch_names[at], COLOURS[index])))];
  }

  // Edits and training
  edits() {
    const { data, result, base, view: { edits } } = this, names = data.class_names, total = names.length;
    if (!result || !base) return [];
    const entry = (/** @type {string} */ words, /** @type {Edits} */ without) => make("li", {}, words, " ", button(`undo-${words}`, "✕", () => this.edit(without), { "aria-label": `Take back: ${visible(words)}` }));
    const list = [
      ...edits.cutoffs.map(([f, low, high]) => entry(`filter ${data.filters.number[f]}: ${this.nominal(f)} → ${span(low, high)} Hz`, withoutCutoffs(edits, f))), ...edits.mutedFilters.map(f => entry(`without filter ${data.filters.number[f]}`, toggled(edits, "mutedFilters", f))),
      ...edits.mutedBands.map(band => entry(`without ${visible(data.bands[band].words)}`, toggled(edits, "mutedBands", band))), ...edits.mutedChannels.map(at => entry(`without ${visible(data.ch_names[at])}`, toggled(edits, "mutedChannels", at))),
    ];
    const most = Math.max(...(base.confusion ?? []), 1), cell = (/** @type {number} */ row, /** @type {number} */ column) => {
      const now = result.confusion[row * total + column], was = base.confusion[row * total + column], td = make("td", { class: row === column ? "right" : null }, now, now !== was && make("small", {}, `was ${was}`));
      td.style.setProperty("--share", `${Math.round((40 * Math.min(now, most)) / most)}%`);
      return td;
    };
    return [
      make("h3", {}, data.can_recompute ? "What if" : "Decisions"),
      data.can_recompute && [make("p", { class: "quiet" }, "Take away a band here, a filter in its row or card, a channel in the table of electrodes; or drag the cut-offs of a filter in its card.",
        data.score_error != null && ` Scores are computed here from rounded signals, within about ${numeral(data.score_error)} of the network's.`),
        chips("Take away a band", data.bands.map((band, at) => this.mute("band", "mutedBands", at, "", `without ${bandName(band)}`))), list.length > 0 && make("ul", { class: "edit-list" }, list),
        edits.mutedFilters.length + edits.mutedBands.length + edits.mutedChannels.length > 0 && make("p", { class: "note" }, "Muting makes signals that the network has never seen: this shows what its decisions lean on, not what a network trained without it would do.")],
      data.arrays.code && make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, make("table", { class: "confusion" }, make("caption", {}, "Trials of each class, and what they are read as"),
        make("thead", {}, make("tr", {}, make("td"), names.map(name => make("th", { scope: "col" }, `read as ${visible(name)}`)))), make("tbody", {}, names.map((name, row) => make("tr", {}, make("th", { scope: "row" }, name), names.map((_, column) => cell(row, column))))))),
      isEdited(result.edits) && make("p", { class: "quiet" }, result.changed.length ? `Read otherwise than before (${result.changed.length}): ` : "Every trial is read as before.", Array.from(result.changed, trial => this.trialLink("edits", trial))),
    ];
  }

  training() {
    const { data, view } = this, { history } = data, tracks = data.arrays.history_cutoffs_hz;
    if (!history && !tracks) return [];
    const epochs = history?.epochs ?? [...Array(tracks.shape[0]).keys()], end = epochs.length - 1, here = Math.min(view.epoch, end), inner = this.panels.training.width, plots = Number(!!tracks) + 2 * Number(!!history), width = inner > 800 ? Math.floor((inner - 18 * (plots - 1)) / plots) : inner, x = (/** @type {number} */ at) => LEFT + ((width - LEFT - 8) * at) / (end || 1), xs = epochs.map((/** @type {number} */ _, /** @type {number} */ at) => x(at));
    const frame = (/** @type {string} */ label, /** @type {any} */ key, /** @type {any[]} */ ...children) => make("div", {}, make("p", { class: "key" }, key), drawing(width, 190, `${label} over the epochs`, children, stroke("cursor", x(here), 4, x(here), 172), ticks(0, end, 5).map(at => tick(epochs[at], x(at), 186))));
    const band = tracks && part(tracks, here, view.filter), axis = frequencyScale(168, tracks ? Math.max(...tracks.values) * 1.05 : 1), up = (/** @type {number} */ hz) => 172 - axis.at(hz);
    const ribbon = (/** @type {number} */ f) => { const edge = (/** @type {number} */ side) => epochs.map((/** @type {number} */ _, /** @type {number} */ epoch) => `${x(epoch).toFixed(1)} ${up(part(tracks, epoch, f)[side]).toFixed(1)}`); return path(f === view.filter ? "ribbon current" : "ribbon", `M${[...edge(1), ...edge(0).reverse()].join("L")}Z`); };
    const curves = ["loss", "accuracy"].map(name => {
      const lines = Object.entries(history?.[name] ?? {}).filter(([, values]) => Array.isArray(values)), all = lines.flatMap(([, values]) => values).filter(Number.isFinite), low = Math.min(...all), high = Math.max(...all), y = (/** @type {number} */ value) => 8 + (156 * (high - value)) / (high - low || 1);
      return all.length > 0 && frame(name, [name, " ", lines.map(([what, values], at) => swatch("", `${visible(what)} ${numeral(values[here])}`, COLOURS[at]))], rules(ticks(low, high, 3), y, width), lines.map(([, values], at) => path("curve", way(xs, epoch => y(values[epoch])).replace(/[ML][\d.]+ NaN/g, "").replace(/^L/, "M"), COLOURS[at])));
    });
    return [
      make("h3", {}, "Training"), make("label", { class: "slider" }, "Epoch", make("input", { type: "range", "data-key": "epoch", min: "0", max: String(end), value: String(here), "aria-valuetext": `epoch ${epochs[here]}`, oninput: (/** @type {any} */ { target }) => this.set({ epoch: Number(target.value) }) }), make("output", {}, epochs[here])),
      make("div", { class: "plots" }, band && frame("Cut-offs of all filters", [`Cut-offs of filter ${data.filters.number[view.filter]}: `, make("strong", {}, `${span(band[0], band[1])} Hz`), `, at the end ${this.nominal(view.filter)} Hz`], rules(axis.values, up, width, String), [...data.filters.number.keys()].filter(f => f !== view.filter).concat(view.filter).map(ribbon)), curves),
    ];
  }
}
/** Show an explorer in an element. @param {HTMLElement} root @param {any} payload @param {string} text the module's own, for the worker @param {boolean} ownsAddress */
export async function mount(root, payload, text = "", ownsAddress = false) {
  try { return new Explorer(root, /** @type {any} */ (await unpack(payload)), text, ownsAddress); }
  catch (error) { root.replaceChildren(make("p", { class: "note" }, `The explorer cannot be shown in this browser. ${error}`)); throw error; }
}

if ("importScripts" in globalThis) serve(globalThis);
