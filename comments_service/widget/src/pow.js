// The work that everybody is asked for in a flood, in ALTCHA's format: find the number whose hash with the salt is
// `challenge`. Fetched only then. Hashes are made beside the page's own thread, a slice at a time, so that the page
// stays at hand.

const SLICE = 256

/** Solve the challenge of `answer` and `post` again with the solution; without a way to hash, the answer stands. */
export default async (answer, post) => {
  const { maxnumber, ...puzzle } = answer.challenge
  const sought = parseInt(puzzle.challenge.slice(0, 8), 16)
  for (let number = 0; crypto.subtle && number <= maxnumber; number += SLICE) {
    const slice = Array.from({ length: SLICE }, (_, place) =>
      crypto.subtle.digest('SHA-256', new TextEncoder().encode(puzzle.salt + (number + place))),
    )
    const place = (await Promise.all(slice)).findIndex((hash) => new DataView(hash).getUint32() === sought)
    if (place >= 0) return post(btoa(JSON.stringify({ ...puzzle, number: number + place })))
  }
  return answer
}
