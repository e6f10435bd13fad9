// What the reader's browser keeps under one name, as one object. Where nothing may be kept, it lasts as long as the page.

/** A function that makes `changes`, if there are any, and gives what is kept. */
export function openStore(...names) {
  const key = ['comments', ...names].join(':')
  let kept
  return (changes) => {
    try {
      kept = JSON.parse(localStorage[key])
    } catch {
      // Storage is refused, empty or holds rubbish: what this page knows is good enough.
    }
    kept = { ...kept, ...changes }
    try {
      if (changes) localStorage[key] = JSON.stringify(kept)
    } catch {
      // Refused or full.
    }
    return kept
  }
}
