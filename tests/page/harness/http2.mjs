// HTTP/2 in front of a shop, as API Gateway and a CDN speak it: all files of a page come over one
// connection. `cargo local` speaks HTTP/1.1, over which a slow network takes longer.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Headers that say something of one HTTP/1.1 connection. */
const OF_A_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding'];

/**
 * Starts it on a free port, with a certificate of its own.
 *
 * @param {string} target The address of the shop.
 * @returns {Promise<{ url: string, stop: () => void }>}
 */
export async function overHttp2(target) {
  const server = createSecureServer(certificate(), (asked, answer) => {
    const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !name.startsWith(':')));
    const passedOn = request(target + asked.url, { method: asked.method, headers }, (answered) => {
      const kept = Object.entries(answered.headers).filter(([name]) => !OF_A_CONNECTION.includes(name));
      answer.writeHead(answered.statusCode ?? 500, Object.fromEntries(kept));
      answered.pipe(answer);
    });
    passedOn.on('error', () => answer.stream.close());
    asked.pipe(passedOn);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `https://localhost:${port}`, stop: () => server.close() };
}

/** A key and a certificate that nobody has to trust. */
function certificate() {
  const folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  try {
    const wanted = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    execFileSync('openssl', [...wanted, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
