// SPDX-License-Identifier: Apache-2.0
module.exports = {
  plugins: {
    'postcss-preset-mantine': {},
    'postcss-simple-vars': {
      variables: { narrow: '47.99em', medium: '75em', wide: '100em' },
    },
  },
}
