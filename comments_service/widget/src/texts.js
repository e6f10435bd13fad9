// Says the sentences that came with the thread. Only what is needed without an answer is in the script itself.

const WITHOUT_ANSWER = {
  failed: 'Comments could not be loaded.',
  retry: 'Try again',
  elsewhere: 'Read them on their own page',
}

/**
 * A function that says the sentence `key` with its `{placeholders}` filled. A `count` chooses the plural form:
 * `comments` with a count of 1 is `comments.one` in English.
 */
export function speaker(lang, texts) {
  const all = { ...WITHOUT_ANSWER, ...texts }
  return (key, values = {}) => {
    const { count } = values
    const plural = `${key}.${new Intl.PluralRules(lang).select(count)}`
    const sentence = all[plural] || all[`${key}.other`] || all[key] || ''
    return sentence.replace(/{(\w+)}/g, (found, name) => values[name]?.toLocaleString(lang) ?? found)
  }
}
