# Mixed models of one simulated survey: what R says of mixed_cells.csv.
#
# Input: mixed_cells.csv, 2309 covariate patterns of 10,000 simulated
# answers (21 agencies, 10 years, rotating; 22 activities; 5 groups): columns a1-a5 count
# the answers to a five-grade item, b1-b10 those to a ten-grade one.
# Writes mixed_cells.json with 15 digits. Takes some ten minutes.
# R 4.2.2, ordinal 2022.11-16, lme4 1.1-31. Run in this folder: Rscript mixed_cells.R
suppressMessages({library(lme4); library(ordinal); library(jsonlite)})

wide <- read.csv("mixed_cells.csv")
for (v in c("agency", "year", "activity", "grp")) wide[[v]] <- factor(wide[[v]])
wide$ay <- factor(paste(wide$agency, wide$year, sep = ":"))
keys <- c("agency", "year", "activity", "grp", "ay")
long <- function(columns) {
  parts <- lapply(seq_along(columns), function(k)
    data.frame(wide[keys], value = k, n = wide[[columns[k]]]))
  all <- do.call(rbind, parts)
  all[all$n > 0, ]
}
five <- long(paste0("a", 1:5))
ten <- long(paste0("b", 1:10))
five$answer <- factor(five$value, ordered = TRUE)
rows <- ten[rep(seq_len(nrow(ten)), ten$n), ]
wide$top <- wide$a4 + wide$a5
wide$below <- wide$a1 + wide$a2 + wide$a3

modes <- function(m) lapply(ranef(m), function(x) {
  z <- as.list(x[, 1]); names(z) <- rownames(x); z })
of_clmm <- function(m, call) list(
  call = call, cuts = as.list(m$alpha), slopes = as.list(m$beta),
  se = as.list(sqrt(diag(vcov(m)))), variances = lapply(VarCorr(m), as.numeric),
  loglike = as.numeric(m$logLik), modes = modes(m),
  conditional_variance = lapply(condVar(m), function(x) x[, 1]))
of_lme4 <- function(m, call) {
  v <- as.data.frame(VarCorr(m))
  list(call = call, fixed = as.list(fixef(m)), se = as.list(sqrt(diag(as.matrix(vcov(m))))),
       variances = setNames(as.list(v$vcov), v$grp), loglike = as.numeric(logLik(m)),
       modes = modes(m)) }

# clmm's own stopping rules are loose (variances 1e-4 from the optimum): tightened
tight <- clmm.control(gradTol = 1e-8, maxIter = 500)
f <- answer ~ grp + (1 | agency) + (1 | year) + (1 | ay) + (1 | activity)
out <- list(versions = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
                            ordinal = as.character(packageVersion("ordinal"))))
out$logit <- of_clmm(clmm(f, data = five, weights = n, control = tight),
  "clmm(answer ~ grp + (1|agency) + (1|year) + (1|agency:year) + (1|activity))")
out$probit <- of_clmm(clmm(answer ~ grp + year + (1 | agency) + (1 | activity), data = five,
  weights = n, link = "probit", control = tight),
  "clmm(answer ~ grp + year + (1|agency) + (1|activity), link = 'probit')")
out$binary <- of_lme4(glmer(cbind(top, below) ~ grp + (1 | agency) + (1 | year) + (1 | ay) +
  (1 | activity), data = wide, family = binomial, control = glmerControl(optimizer = "bobyqa",
  optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-12)),
  "glmer(cbind(4 or 5, 1 to 3) ~ ..., binomial, nAGQ = 1); with binomial coefficients")
for (reml in c(TRUE, FALSE)) out[[if (reml) "reml" else "ml"]] <- of_lme4(
  lmer(value ~ grp + (1 | agency) + (1 | year) + (1 | ay) + (1 | activity), data = rows,
    REML = reml, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))),
  sprintf("lmer(b ~ ..., REML = %s, bobyqa rhoend = 1e-10)", reml))
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE),
      "mixed_cells.json")
