// SPDX-License-Identifier: Apache-2.0
//
// Alerts and money as the commands print them.
#ifndef TWI_CLI_OUTPUT_H
#define TWI_CLI_OUTPUT_H

#include <stdio.h>

#include "service/query.h"

#define TWI_MONEY_BYTES 40
char *twi_money(tw_money money, char out[TWI_MONEY_BYTES]); // "412.40 USD"
void twi_put_alert(FILE *out, const tw_alert_view *alert);  // a JSON object
// Exit status of a command that printed: 1 with a sentence when the output could not be written.
int twi_flush(const char *command);

#endif
