# R's side: Rscript peers.R TASK N FOLDER, with rows_N.csv and cells_N.csv in FOLDER.
# Prints lines of kind, name, value, with tabs between: wall and cpu seconds of the fit alone (the
# data lie ready in memory), memory, version, and the estimates. What takes over 5 s is
# run once.
asked <- commandArgs(trailingOnly = TRUE)
task <- asked[1]; n <- asked[2]; folder <- asked[3]
say <- function(kind, name, value)
  cat(paste(kind, name, format(value, digits = 15, trim = TRUE), sep = "\t"), sep = "\n")
from <- function(what) {
  d <- read.csv(file.path(folder, sprintf("%s_%s.csv", what, n)))
  for (v in c("agency", "year", "activity", "group")) d[[v]] <- factor(d[[v]])
  d$ay <- factor(paste(d$agency, d$year, sep = ":"))
  d$answer <- factor(d$response, ordered = TRUE)
  d
}
package <- function(name) {
  suppressMessages(library(name, character.only = TRUE))
  say("text", "version", as.character(packageVersion(name)))
}
timed <- function(call) {
  for (run in 1:5) {
    gc(FALSE)
    t0 <- proc.time()
    found <- call()
    took <- proc.time() - t0
    cpu <- sum(took[c("user.self", "sys.self", "user.child", "sys.child")])
    say("wall", "", took[["elapsed"]])
    say("cpu", "", cpu)
    if (cpu > 5) break
  }
  found
}
values <- function(x, prefix = "") for (name in names(x)) say("value", paste0(prefix, name), x[[name]])
sds <- function(fit) {
  v <- as.data.frame(VarCorr(fit))
  values(setNames(v$sdcor[v$grp != "Residual"], v$grp[v$grp != "Residual"]), "sd ")
}
fixed <- answer ~ agency + year + activity + group
random <- "~ group + (1 | agency) + (1 | year) + (1 | ay) + (1 | activity)"
two <- function(five) {
  five$top <- ifelse(five$response >= 4, five$n, 0)
  aggregate(cbind(top, n) ~ agency + year + ay + activity + group, five, sum)
}
tasks <- list(
  "MASS::polr" = function() {
    package("MASS"); d <- from("rows")
    fit <- timed(function() polr(fixed, data = d, Hess = FALSE, control = list(maxit = 500)))
    values(coef(fit)); say("number", "loglike", as.numeric(logLik(fit)))
  },
  "ordinal::clm" = function() {
    package("ordinal"); d <- from("rows")
    fit <- timed(function() clm(fixed, data = d))
    values(fit$beta); say("number", "loglike", as.numeric(logLik(fit)))
  },
  "ordinal::clm on cells" = function() {
    package("ordinal"); d <- from("cells")
    fit <- timed(function() clm(fixed, data = d, weights = n))
    values(fit$beta); say("number", "loglike", as.numeric(logLik(fit)))
  },
  "ordinal::clmm on cells" = function() {
    package("ordinal"); d <- from("cells")
    fit <- timed(function() clmm(as.formula(paste("answer", random)), data = d, weights = n))
    sd <- sapply(VarCorr(fit), function(v) sqrt(as.numeric(v)))
    values(sd, "sd "); say("number", "loglike", as.numeric(logLik(fit)))
  },
  "lme4::glmer on cells" = function() {
    package("lme4"); d <- two(from("cells"))
    fit <- timed(function()
      glmer(as.formula(paste("cbind(top, n - top)", random)), data = d, family = binomial))
    sds(fit)
  },
  "glmmTMB on cells" = function() {
    package("glmmTMB"); d <- two(from("cells"))
    fit <- timed(function()
      glmmTMB(as.formula(paste("cbind(top, n - top)", random)), data = d, family = binomial))
    values(sapply(VarCorr(fit)$cond, function(v) sqrt(v[1, 1])), "sd ")
  },
  "lme4::lmer" = function() {
    package("lme4"); d <- from("rows")
    fit <- timed(function() lmer(as.formula(paste("score", random)), data = d))
    sds(fit); say("number", "loglike", as.numeric(logLik(fit)))
  },
  "lme4::lmer, InstEval" = function() {
    package("lme4"); d <- read.csv(file.path(folder, "insteval.csv"))
    for (v in c("s", "d", "dept", "service")) d[[v]] <- factor(d[[v]])
    fit <- timed(function() lmer(y ~ service + (1 | s) + (1 | d) + (1 | dept:service), d))
    sds(fit); say("number", "loglike", as.numeric(logLik(fit)))
  },
  "emmeans" = function() {
    suppressMessages(library(ordinal)); package("emmeans"); d <- from("cells")
    emm_options(rg.limit = 200000)
    fit <- clm(fixed, data = d, weights = n)
    set.seed(1)
    found <- timed(function()
      as.data.frame(summary(contrast(emmeans(fit, "agency"), "eff", adjust = "mvt"))))
    values(setNames(found$estimate, sub(" effect", "", found$contrast)))
  },
  "data.table" = function() {
    package("data.table"); setDTthreads(1)
    file <- file.path(folder, sprintf("rows_%s.csv", n))
    timed(function() fread(file)[, .N, by = .(agency, year, activity, group, response)])
  },
  "survey::svyby" = function() {
    package("survey"); d <- from("strata")
    options(survey.lonely.psu = "adjust")
    plan <- svydesign(ids = ~1, strata = ~stratum, weights = ~weight, fpc = ~population, data = d)
    found <- timed(function() svyby(~score, ~agency + year, plan, svymean))
    at <- paste(found$agency, found$year)
    values(setNames(found$score, paste("mean", at))); values(setNames(found$se, paste("se", at)))
  }
)
tasks[[task]]()
say("text", "r", as.character(getRversion()))
status <- try(readLines("/proc/self/status"), silent = TRUE)
peak <- grep("^VmHWM", status, value = TRUE)
if (length(peak)) say("number", "peak_mb", as.numeric(gsub("\\D", "", peak)) / 1024)
