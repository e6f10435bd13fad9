// The comments in their places: replies below what they answer, the deepest side by side.

import { drawComment } from './comment.js'
import { h } from './dom.js'

/** `deepest` is how far the site lets replies be moved in: the next stand beside what they answer. */
export function makeList(thread, deepest) {
  const element = h('ol')
  // By id: `{article, comment, depth, replies, answers}`, the last only when the place does not say what is answered.
  const items = new Map()

  /** Show `comment`, in its old place when it has one; `own` is what its writer may do with it. */
  function put(comment, own) {
    const item = items.get(comment.id) || place(comment, own)
    const article = drawComment(comment, thread, own, item.answers)
    const hasFocus = item.article.matches(':focus-within')
    item.article.replaceWith(article)
    item.article = article
    item.comment = comment
    if (hasFocus) visit(comment.id)
  }

  function place({ id, parent }, own) {
    const above = items.get(parent)
    const list = above ? above.replies : element
    const depth = above ? above.depth + 1 : 0
    const answers = depth > deepest && above.comment
    const replies = depth < deepest ? h('ol') : list
    const item = { article: h('article'), depth, answers, replies }
    const place = h('li', null, item.article, replies !== list && replies)
    // One's own new comment stands where one looks.
    if (own && !above && thread.order === 'newest') list.prepend(place)
    else list.append(place)
    items.set(id, item)
    return item
  }

  /** Go to the comment `id`, if it is here. Only then can it have the focus: a click into a text marks nothing. */
  function visit(id) {
    const article = items.get(id)?.article
    article?.setAttribute('tabindex', -1)
    article?.focus()
  }

  return Object.assign(items, { element, put, visit })
}
