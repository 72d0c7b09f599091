// SPDX-License-Identifier: Apache-2.0
//
// The metadata of a classifier's model file (docs/formats/model-metadata.md).
#ifndef TWI_LEARN_TRAIN_METADATA_H
#define TWI_LEARN_TRAIN_METADATA_H

#include "learn/train.h"

// Appends a JSON object; failures stay in the buffer. decision may be NULL.
void twi_train_metadata(const tw_train_job *job, const tw_dataset *set, const tw_fit *fit,
                        const tw_gate_decision *decision, tw_buf *out);

#endif
