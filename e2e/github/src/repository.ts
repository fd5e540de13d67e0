import type { Desk } from "./command.ts"

/** Makes a repository with a first commit and a clone of it in the home folder; both have the same name. */
export const cloneNew = async (
  desk: Desk,
  name: string,
  flags: ReadonlyArray<string> = ["--public"]
): Promise<void> => {
  await desk.gh(["repo", "create", name, ...flags])
  await desk.gh(["repo", "clone", name])
  await desk.write(`${name}/README.md`, `# ${name}\n`)
  await desk.git(["add", "."], { in: name })
  await desk.git(["commit", "-qm", "first"], { in: name })
  await desk.git(["push", "-q", "-u", "origin", "HEAD"], { in: name })
}

/** Pushes a branch with one more line in the README. */
export const pushBranch = async (desk: Desk, name: string, branch: string, line: string): Promise<void> => {
  await desk.git(["checkout", "-q", "-b", branch], { in: name })
  await desk.write(`${name}/README.md`, `# ${name}\n${line}\n`)
  await desk.git(["commit", "-qam", line], { in: name })
  await desk.git(["push", "-q", "-u", "origin", branch], { in: name })
}

/** The cells of what gh prints when nobody looks, without its last line's end. */
export const cells = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
