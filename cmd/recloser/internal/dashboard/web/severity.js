// What an alert shows of itself: how bad it is, and how it stands, in words. Pure.

import { clip, clock, count, many, span } from './format.js';
import { RANK } from './health.js';

/** A severity as a word, a shape's name (never colour alone) and a rank. */
export function severity(alert) {
  return alert.severity === 'critical' ? { word: 'Critical', shape: 'critical', rank: RANK.refusing } : { word: 'Warning', shape: 'warning', rank: RANK.probing };
}

/** Those that somebody should look at: not the muted ones. */
export function loud(alerts) {
  return alerts.filter((a) => !a.muted);
}

/** In the order in which they are shown: the muted ones last. */
export function arranged(alerts) {
  return [...loud(alerts), ...alerts.filter((a) => a.muted)];
}

/** The head of the page: one line, how bad the worst is, and what else is to say. */
export function headline(alerts) {
  const firing = loud(alerts);
  const muted = alerts.length - firing.length;
  const critical = firing.filter((a) => a.severity === 'critical').length;
  const calm = firing.filter((a) => a.calm).length;
  const parts = [];
  if (critical && critical < firing.length) parts.push(`${count(critical)} critical`);
  if (calm) parts.push(calm === alerts.length ? 'nothing is found any more' : `${count(calm)} calm`);
  if (muted) parts.push(`${count(muted)} muted`);
  return {
    title: firing.length ? many(firing.length, 'alert') : 'No alerts',
    worst: firing.length ? severity(firing.find((a) => a.severity === 'critical') ?? firing[0]) : { word: '', shape: 'closed', rank: RANK.quiet },
    sub: parts.join(' · '),
  };
}

/** Whether people know; anywhere: whether alerts go anywhere but to the log. */
export function toldWords(alert, anywhere, now) {
  if (!alert.told) return alert.muted ? 'Nobody was told: it is muted.' : 'Nobody was told yet.';
  const last = `${alert.pages > 1 ? `${alert.pages > 2 ? `${count(alert.pages)} times` : 'twice'}, last ` : ''}at ${clock(alert.last, now)}`;
  return anywhere ? `People were told ${last}.` : `Logged ${last}.`;
}

/** How it stands, beside that it fires: until when it is muted, since when it is calm. */
export function standing(alert, now) {
  const parts = [];
  if (alert.muted) parts.push(`Muted until ${clock(alert.muted, now)}.`);
  if (alert.calm) parts.push(`Calm since ${clock(alert.calm, now)}: it is over if it stays so.`);
  return parts.join(' ');
}

/** What an event of the past was: a word, a shape and a rank, and what it says beside why. */
export function happened(event, now) {
  switch (event.state) {
    case 'resolved': {
      const lasted = (Date.parse(event.until) - Date.parse(event.since)) / 1000;
      return { word: 'Over', shape: 'closed', rank: RANK.quiet, more: Number.isNaN(lasted) ? '' : `It lasted ${span(lasted)}.` };
    }
    case 'muted': {
      const by = event.actor ? ` by ${clip(event.actor, 80)}` : '';
      return event.until ? { word: 'Muted', shape: 'disabled', rank: RANK.unguarded, more: `Until ${clock(event.until, now)}${by}.` }
        : { word: 'Unmuted', shape: 'observe', rank: RANK.unguarded, more: by.trim() && `By ${clip(event.actor, 80)}.` };
    }
  }
  return { ...severity(event), more: clip(event.why, 400) };
}

/** How it goes with a target. */
export function targetWords(target, now) {
  if (!target.error) return target.waiting ? `${many(target.waiting, 'alert')} waiting` : 'Works';
  return `Fails${target.since ? ` since ${clock(target.since, now)}` : ''}: ${clip(target.error, 300)}`;
}
