// SPDX-License-Identifier: Apache-2.0
//
// A build without XGBoost: no trainer. tw_train says so in its sentence, and everything that scores
// works as ever.
#include "adapter/xgboost.h"

tw_trainer tw_xgboost_trainer(const tw_alloc *alloc)
{
    (void)alloc;
    return (tw_trainer){NULL, NULL};
}
