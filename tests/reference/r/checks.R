# Checks of cumulative link models: what ordinal says of terms with thresholds, or a spread, of their own.
#
# Input: mixed_cells.csv (10,000 simulated answers to a five-grade item: columns a1-a5), and the data sets
# wine (ordinal) and housing (MASS). Writes checks.csv (the simulated answers), checks_scale.csv (the
# parameters of one model with a spread of its own for each agency) and packages/checks.csv.
# Takes some minutes. R 4.2.2, ordinal 2022.11-16, MASS 7.3-58. Run in this folder: Rscript checks.R
suppressMessages({library(ordinal); library(MASS)})
options(digits = 15)

wide <- read.csv("mixed_cells.csv")
keys <- c("agency", "year", "activity", "grp")
for (v in keys) wide[[v]] <- factor(wide[[v]])
cells <- do.call(rbind, lapply(1:5, function(k)
  data.frame(wide[keys], value = k, n = wide[[paste0("a", k)]])))
cells <- cells[cells$n > 0, ]
cells$answer <- factor(cells$value, ordered = TRUE)

tested <- function(data, kind, test) data.frame(
  data = data, kind = kind, term = rownames(test)[-1], df = test$Df[-1],
  loglike = test$logLik[-1], statistic = test$LRT[-1], p_value = test[["Pr(>Chi)"]][-1])
both <- function(data, fit) rbind(
  tested(data, "nominal", nominal_test(fit)), tested(data, "scale", scale_test(fit)))

# Default tolerances: with tighter ones nominal_test gives NA.
simulated <- clm(answer ~ agency + year + activity + grp, weights = n, data = cells)
write.csv(both("simulated", simulated), "checks.csv", row.names = FALSE)

tight <- clm.control(gradTol = 1e-8, maxIter = 200L)
spread <- clm(answer ~ agency + year + grp, scale = ~ agency, weights = n, data = cells, control = tight)
write.csv(data.frame(term = names(coef(spread)), estimate = as.numeric(coef(spread)),
  se = sqrt(diag(vcov(spread))), loglike = as.numeric(logLik(spread))), "checks_scale.csv", row.names = FALSE)

# Nobody found a warm wine worst, so its lowest threshold runs to minus infinity.
tasted <- clm(rating ~ temp + contact, data = wine)
lived <- clm(Sat ~ Infl + Type + Cont, weights = Freq, data = housing)
write.csv(rbind(both("wine", tasted), both("housing", lived)), "packages/checks.csv", row.names = FALSE)
