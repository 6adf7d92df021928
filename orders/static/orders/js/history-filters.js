// What the filter form of the history asks of the API.

// A year that is still being typed ("0002") is none yet.
const DAY = /^2\d{3}-\d\d-\d\d$/;

/** The query that the form stands for. Days are those of the visitor's clock, the first and the last included. */
export function queryOf(form) {
  const { from, to, ...others } = Object.fromEntries(new FormData(form));
  return { ...others, since: midnight(from, 0), until: midnight(to, 1) };
}

/** Mark days that leave nothing between them, and say so: a text, or "". */
export function daysProblem(form) {
  const { from, to } = form.elements;
  const isReversed = DAY.test(from.value) && DAY.test(to.value) && from.value > to.value;
  for (const field of [from, to]) field.setAttribute("aria-invalid", String(isReversed));
  return isReversed ? "From lies after To: no day is between them." : "";
}

function midnight(day, daysLater) {
  if (!DAY.test(day)) return "";
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}
