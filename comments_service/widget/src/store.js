// What the reader's browser keeps under one name, as one object. Where nothing may be kept, it lasts as long as the page.

export function openStore(name) {
  const key = `comments:${name}`
  let kept = {}
  const read = () => {
    try {
      kept = JSON.parse(localStorage.getItem(key)) || {}
    } catch {
      // Storage is refused or holds rubbish: what this page knows is good enough.
    }
    return kept
  }
  const write = (changes) => {
    kept = { ...read(), ...changes }
    try {
      localStorage.setItem(key, JSON.stringify(kept))
    } catch {
      // Refused or full.
    }
  }
  return { read, write }
}
