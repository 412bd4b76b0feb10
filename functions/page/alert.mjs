// Calls a person who looks elsewhere: a sound, a vibration, a notification. And keeps the screen on.

/** @type {AudioContext | undefined} */
let audio;

/** @type {WakeLockSentinel | undefined} */
let lock;

/** Lets the page make a sound later. A browser allows it only while a tap or a key is handled. */
export function unlockSound() {
  audio ??= new AudioContext();
  void audio.resume().catch(() => {});
}

/**
 * Says that it is the buyer's turn, in every way that the browser allows.
 *
 * @param {string} text What a notification says.
 * @param {boolean} quiet Whether the sound is switched off.
 */
export function ring(text, quiet) {
  if (!quiet) playTones();
  // Without a touch of the page, the browser refuses and complains.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300, 150, 600]);
  if (document.visibilityState === 'hidden' && mayNotify() === 'granted') notify(text);
}

/** Three rising tones, twice. */
function playTones() {
  if (audio?.state !== 'running') return;
  const start = audio.currentTime;
  for (const [index, frequency] of [523, 659, 784, 523, 659, 784].entries()) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const from = start + index * 0.22 + (index > 2 ? 0.4 : 0);
    tone.frequency.value = frequency;
    loudness.gain.setValueAtTime(0.0001, from);
    loudness.gain.exponentialRampToValueAtTime(0.4, from + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, from + 0.2);
    tone.connect(loudness).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.22);
  }
}

/** @param {string} text */
function notify(text) {
  try {
    const notification = new Notification(text, { tag: 'onsale', requireInteraction: true });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Chrome on Android has the constructor and does not allow it.
  }
}

/** Whether notifications are allowed: `granted`, `denied`, `default`, or `none` if there are none. */
export function mayNotify() {
  return 'Notification' in window ? Notification.permission : 'none';
}

/** Asks for the right to notify. Must be called while a tap or a key is handled. */
export async function askToNotify() {
  if (mayNotify() === 'default') await Notification.requestPermission();
}

/** Whether the browser can keep the screen on. */
export function canStayAwake() {
  return 'wakeLock' in navigator;
}

/** Whether the screen is kept on. */
export function isAwake() {
  return lock !== undefined && !lock.released;
}

/**
 * Keeps the screen on, or lets it go off.
 *
 * @param {boolean} awake
 */
export async function stayAwake(awake) {
  if (!awake) {
    await lock?.release();
    lock = undefined;
  } else if (!isAwake() && canStayAwake()) {
    try {
      lock = await navigator.wakeLock.request('screen');
    } catch {
      // The battery is low, or the page is not visible.
    }
  }
}
