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
    item.article.replaceWith(article)
    item.article = article
    item.comment = comment
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
    if (own && !above && thread.isNewestFirst()) list.prepend(place)
    else list.append(place)
    items.set(id, item)
    return item
  }

  return {
    element,
    put,
    get: (id) => items.get(id),
    /** Go to the comment `id`, if it is here. */
    visit: (id) => items.get(id)?.article.focus(),
    remove(id) {
      items.get(id)?.article.remove()
      items.delete(id)
    },
  }
}
