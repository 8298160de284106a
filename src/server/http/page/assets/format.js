const counts = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const numbers = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 4 });
const indices = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 3 });
const shares = new Intl.NumberFormat('en-GB', { style: 'percent', maximumSignificantDigits: 2 });
const times = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export const formatCount = (count) => counts.format(count);
export const formatNumber = (number) => numbers.format(number);
/** A stability index: below a thousandth it is rounding, and 0. */
export const formatIndex = (index) => indices.format(index);
export const formatShare = (share) => shares.format(share);
export const formatTime = (atMs) => times.format(atMs);

/** Dates that are none are shown as they came. */
export function formatDate(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : dates.format(at);
}
