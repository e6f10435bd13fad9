// Writes the number of comments into the links of an index page: what appears together is asked for together.

import { ask } from './api.js'

const MOST = 100

/** Fill in the `links` to pages of `site`; without the service they keep the words their author gave them. */
export async function fillCounts(site, links) {
  const asked = links.splice(0, MOST)
  if (links.length) fillCounts(site, links)
  const pageOf = (link) => link.dataset.commentsCount
  const { counts } = await ask(`sites/${site}/counts`, asked.map((link) => ['page', pageOf(link)]))
  for (const link of asked) {
    const count = counts?.[pageOf(link)]
    if (count >= 0) link.textContent = withCount(link.textContent, count)
  }
}

/** "0 comments" becomes "3 comments", "Comments" becomes "Comments (3)", and nothing "3". */
function withCount(words, count) {
  return words.replace(/\d+|$/, (found) => (found || !words ? count : ` (${count})`))
}
