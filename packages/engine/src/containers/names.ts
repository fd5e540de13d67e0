import { randomInt } from "node:crypto"
import { invalid } from "../faults.ts"

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

const adjectives =
  "amber bold brave bright calm clever crisp curious daring eager fair fleet fond gentle glad golden grand happy honest jolly keen kind lively loyal lucid merry mellow modest neat nimble noble patient plucky polite proud quick quiet rapid sharp shiny silent sincere sleek smart snug solid spry steady still stoic sunny swift tidy tender trusty upbeat vivid warm wise witty zesty".split(
    " "
  )
const nouns =
  "albatross antelope badger beaver bison bobcat buffalo camel caribou cheetah condor cormorant cougar coyote crane dolphin dormouse eagle egret falcon ferret finch gazelle gecko gibbon hamster hare hedgehog heron ibex ibis jackal jaguar kestrel kingfisher koala lemur leopard lynx magpie marmot marten mongoose moose narwhal ocelot octopus osprey otter owl panther pelican penguin plover puffin quail raven robin salmon seal sparrow stork swan tapir tern walrus wombat wren yak".split(
    " "
  )

const pick = (words: ReadonlyArray<string>): string => words[randomInt(words.length)] ?? "container"

/** A free name of Docker's form `adjective_noun`, with a number when the plain ones are taken. */
export const generateName = (isTaken: (name: string) => boolean): string => {
  for (let tries = 0; tries < 20; tries++) {
    const name = `${pick(adjectives)}_${pick(nouns)}${tries < 6 ? "" : randomInt(10 ** Math.min(tries - 5, 9))}`
    if (!isTaken(name)) return name
  }
  return `${pick(adjectives)}_${pick(nouns)}_${Date.now().toString(36)}`
}

/** The name without its slash, or Docker's refusal. */
export const checkName = (given: string) => {
  const name = given.replace(/^\//, "")
  return NAME.test(name)
    ? { name, fault: undefined }
    : { name, fault: invalid(`Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`) }
}
