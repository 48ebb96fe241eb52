// Groups of trials by a param, and the curve of each: the median of its trials and the middle half.

import { shortNumber } from "./model.js";

// As many as there are colours that are easily told apart.
const MOST_GROUPS = 6;
// Numbers with more values are divided into so many ranges with about as many trials each.
const RANGES = 4;

// The groups of rows by the values of a column, as { name, rows, colour }.
export function groupsOf(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  const different = [...new Set(known)];
  const isNumber = different.length > 0 && different.every((value) => typeof value === "number");
  const nameOf = isNumber && different.length > MOST_GROUPS ? rangeOf(known) : String;
  const found = new Map();
  values.forEach((value, row) => {
    if (value === null || value === undefined) return;
    const name = nameOf(value);
    if (!found.has(name)) found.set(name, { name, first: value, rows: [] });
    const group = found.get(name);
    group.rows.push(row);
    if (value < group.first) group.first = value;
  });
  const sorted = [...found.values()].sort((a, b) => (isNumber ? a.first - b.first : a.name.localeCompare(b.name)));
  const shown = sorted.slice(0, MOST_GROUPS - (sorted.length > MOST_GROUPS ? 1 : 0));
  const rest = sorted.slice(shown.length).flatMap((group) => group.rows);
  if (rest.length) shown.push({ name: `${sorted.length - shown.length} others`, rows: rest });
  return shown.map((group, place) => ({ ...group, colour: `c${place + 1}` }));
}

function rangeOf(known) {
  const sorted = Float64Array.from(known).sort();
  const starts = [...new Set(Array.from({ length: RANGES }, (_, n) => sorted[Math.floor((n * sorted.length) / RANGES)]))];
  const placeOf = (value) => starts.findLastIndex((start) => value >= start);
  const ends = starts.map((_, place) => sorted.findLast((value) => placeOf(value) === place));
  return (value) => {
    const place = placeOf(value);
    return starts[place] === ends[place] ? shortNumber(value) : `${shortNumber(starts[place])} to ${shortNumber(ends[place])}`;
  };
}

// For each epoch the quartiles of the curves that have it, and how many those are.
export function quartiles(curves) {
  const longest = curves.reduce((most, curve) => Math.max(most, curve.length), 0);
  return Array.from({ length: longest }, (_, epoch) => {
    const values = Float64Array.from(curves.map((curve) => curve[epoch]).filter((value) => value !== null && value !== undefined)).sort();
    if (values.length === 0) return null;
    const at = (share) => {
      const place = share * (values.length - 1);
      const low = values[Math.floor(place)];
      return low + (values[Math.ceil(place)] - low) * (place % 1);
    };
    return { low: at(0.25), middle: at(0.5), high: at(0.75), trials: values.length };
  });
}
