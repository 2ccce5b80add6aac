// Signs in without leaving the page, so that a wrong token is said beside its
// field. Without this the form posts by itself, and the answer is this page again.

const form = document.getElementById('login');
const field = document.getElementById('token');
const error = document.getElementById('error');

/** Where to go afterwards: a path of ours only. */
function next() {
  const path = new URLSearchParams(location.search).get('next') ?? '/';
  try {
    const url = new URL(path, location.origin);
    // As a whole: a path that begins with two slashes would be resolved once more.
    return url.origin === location.origin && path.startsWith('/') ? url.href : '/';
  } catch {
    return '/';
  }
}

function fail(text) {
  error.textContent = text;
  field.setAttribute('aria-invalid', 'true');
  field.select();
}

// Who follows a link from elsewhere comes without the cookie, which is for this site
// alone, and may be signed in all the same.
fetch('/api/circuits', { headers: { Accept: 'application/json' }, credentials: 'same-origin' })
  .then((res) => { if (res.ok) location.replace(next()); }, () => {});

form.addEventListener('submit', async (e) => {
  e.preventDefault();
  error.textContent = '';
  document.querySelector('[data-wrong]').hidden = true;
  try {
    const res = await fetch('/login', { method: 'POST', body: new URLSearchParams({ token: field.value }), redirect: 'manual', credentials: 'same-origin' });
    if (res.type === 'opaqueredirect') location.replace(next());
    else if (res.status === 401) fail('That is not the admin token.');
    else if (res.status === 429) fail('Too many wrong tokens: wait a little, then try again.');
    else fail(`Could not sign in: the answer was ${res.status}.`);
  } catch {
    fail('The proxy’s admin listener cannot be reached.');
  }
});
