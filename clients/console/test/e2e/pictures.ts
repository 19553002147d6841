/** Media that the mock server hands out: two drawn pictures and a soft tone. */

const LEAF = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 640"><rect width="900" height="640" fill="#e9e3d3"/><circle cx="650" cy="170" r="90" fill="#f6d9a0"/><path d="M0 470c200-90 380-60 520-10s260 40 380-30v210H0Z" fill="#9fb79a"/><path d="M0 540c220-60 420-20 560 10s240 10 340-40v130H0Z" fill="#5f8a6a"/><path d="M300 470c-20-120 60-210 170-230 10 120-60 210-170 230Zm0 0c30-60 70-120 120-170" fill="#3c7f60" stroke="#2a5d45" stroke-width="5"/><path d="M300 470c-90-30-150-110-140-200 100 20 150 100 140 200Z" fill="#6ba37f"/></svg>`
const BOX = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 800"><rect width="640" height="800" fill="#efe7da"/><rect x="140" y="240" width="360" height="400" rx="14" fill="#8c3b2e"/><rect x="140" y="240" width="360" height="90" rx="14" fill="#a34a3a"/><path d="M320 240v400" stroke="#e7c98c" stroke-width="22"/><path d="M320 240c-60-90-150-70-120-10 20 30 80 20 120 10Zm0 0c60-90 150-70 120-10-20 30-80 20-120 10Z" fill="#e7c98c"/></svg>`

export function picture(name: string): { type: string; content: string | Buffer } {
  if (name === 'note') return { type: 'audio/wav', content: tone(2) }
  return { type: 'image/svg+xml', content: name === 'box' ? BOX : LEAF }
}

function tone(seconds: number): Buffer {
  const rate = 8_000
  const samples = Buffer.alloc(rate * seconds)
  for (let i = 0; i < samples.length; i += 1)
    samples[i] = 128 + Math.round(30 * Math.sin((i * 2 * Math.PI * 330) / rate))
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}
