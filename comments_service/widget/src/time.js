// Times and durations in the reader's language, by the browser's own tables.

const STEPS = { second: 60, minute: 60, hour: 24, day: 30 }

/** `lang` when the browser knows it, else the reader's own: a mistyped `lang` must not stop the page. */
export function locale(lang) {
  try {
    return Intl.getCanonicalLocales(lang)[0]
  } catch {
    return navigator.language
  }
}

/** "3 hours ago" within a month, the date after that. */
export function ago(time, lang) {
  let amount = (new Date(time) - Date.now()) / 1000
  for (const unit in STEPS) {
    if (-amount < STEPS[unit]) {
      return new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(Math.round(amount), unit)
    }
    amount /= STEPS[unit]
  }
  return new Date(time).toLocaleDateString(lang, { dateStyle: 'long' })
}

/** The full date and time. */
export const exactly = (time, lang) => new Date(time).toLocaleString(lang, { dateStyle: 'full', timeStyle: 'short' })

/** "40 seconds" or "14 minutes", rounded up. */
export function lasting(seconds, lang) {
  const isLong = seconds > 60
  const amount = Math.ceil(isLong ? seconds / 60 : seconds)
  return amount.toLocaleString(lang, { style: 'unit', unit: isLong ? 'minute' : 'second', unitDisplay: 'long' })
}
