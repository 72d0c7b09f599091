// SPDX-License-Identifier: Apache-2.0
// Sets the colour scheme before the first paint, so that a dark screen never flashes white. It is a
// file of its own because the content security policy allows no inline script.
(function () {
  var choice = null
  try {
    choice = localStorage.getItem('tillwatch-color-scheme')
  } catch (e) {
    // Storage may be switched off; the system's scheme applies then.
  }
  var isDark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
})()
