// Times in the reader's language, by the browser's own tables.

const STEPS = { second: 60, minute: 60, hour: 24, day: 30 }

/** `lang` when it is there and means a language, else the reader's own: a mistyped one must not stop the page. */
export function locale(lang) {
  try {
    return `${new Intl.Locale(lang)}`
  } catch {
    return navigator.language
  }
}

/** "3 hours ago" within a month, the date after that. */
export function ago(time, lang) {
  let amount = (time - new Date()) / 1000
  for (const unit in STEPS) {
    if (amount > -STEPS[unit]) {
      return new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(Math.round(amount), unit)
    }
    amount /= STEPS[unit]
  }
  return time.toLocaleString(lang, { dateStyle: 'long' })
}

/** The time of the day, "14:32". */
export const clock = (time, lang) => new Date(time).toLocaleString(lang, { timeStyle: 'short' })
