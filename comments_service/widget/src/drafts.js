// Keeps what is typed, for each comment that is answered, until the service has acknowledged it.

/** `answering` is the comment that was being answered; a draft is `{values, sent}`: the fields, and the request made of them. */
export function keepDrafts({ read, write }) {
  const all = () => read().drafts || {}
  const put = (parent, draft) => write({ drafts: { ...all(), [parent]: draft } })
  const of = (parent) => all()[parent] || {}
  return {
    of,
    change: (parent, changes) => put(parent, { ...of(parent), ...changes }),
    drop: (parent) => put(parent),
    answering: () => read().answering,
    answer: (id) => write({ answering: id }),
  }
}
