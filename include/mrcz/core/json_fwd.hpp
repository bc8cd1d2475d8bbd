/// Names JSON, for headers that only hand it on. The only header that includes nlohmann/json_fwd.hpp. Code that looks
/// inside includes `core/json.hpp`.
#pragma once

#include <nlohmann/json_fwd.hpp>
