// What is kept is what was reviewed, and no file of ours makes markup of text.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

const web = new URL('../web/', import.meta.url);

test('the chart library is the one that was reviewed', () => {
  for (const [name, want] of Object.entries({
    LICENSE: '8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd',
    'uPlot.iife.min.js': '19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f',
    'uPlot.min.css': 'df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04',
  })) {
    const got = createHash('sha256').update(readFileSync(new URL(`vendor/uplot-1.6.32/${name}`, web))).digest('hex');
    assert.equal(got, want, name);
  }
});

test('text never becomes markup, nothing is inline, nothing comes from elsewhere', () => {
  for (const name of readdirSync(web).filter((n) => /\.(js|html|css)$/.test(n))) {
    const text = readFileSync(new URL(name, web), 'utf8');
    for (const bad of [/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment/, /\seval\(|new Function/, /<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+="/]) {
      assert.ok(!bad.test(text), `${name}: ${bad}`);
    }
    for (const [url] of text.matchAll(/(?:https?:)?\/\/[a-z][\w.-]+\.[a-z]{2,}[^\s'"`]*/g)) {
      assert.equal(url, 'http://www.w3.org/2000/svg', name);
    }
  }
});
