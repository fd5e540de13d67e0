import { gzipSync } from "node:zlib"

/** The second half replaced: the head still tells the format. */
export const corrupted = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes)
  copy.fill(0x55, copy.length >> 1)
  return copy
}

const garbage = Buffer.alloc(1000, 7)

/** A tar in every compression, each broken in its own way; `tar` should be some kilobytes at least. */
export const brokenCompressions = (tar: Buffer): ReadonlyArray<readonly [string, Buffer, RegExp]> => [
  ["gzip with a corrupt end", corrupted(gzipSync(tar)), /^archive\/tar: /],
  ["gzip that was cut", gzipSync(tar).subarray(0, 1000), /^archive\/tar: unexpected end of file$/],
  ["zstd garbage", Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), garbage]), /^archive\/tar: /],
  ["bzip2 garbage", Buffer.concat([Buffer.from("BZh9"), garbage]), /^bzip2: the data is corrupt$/],
  ["xz garbage", Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), garbage]), /^xz: the data is corrupt$/]
]
