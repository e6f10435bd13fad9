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
export function speaker(texts, lang) {
  return (key, values = {}) => {
    const { count } = values
    const plural = `${key}.${new Intl.PluralRules(lang).select(count)}`
    const sentence = texts[plural] || texts[`${key}.other`] || texts[key] || WITHOUT_ANSWER[key] || ''
    return sentence.replace(/{(\w+)}/g, (all, name) => values[name]?.toLocaleString(lang) ?? all)
  }
}
