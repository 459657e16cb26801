use std::path::Path;
use std::sync::Arc;

use augment::{Pipeline, Views};
use burn::module::Module;
use gcn_encoder::AnyEncoder;
use skeleton_data::SkeletonDataset;
use ssl_objectives::Classification;

use super::evaluation::{Subject, known_labels};
use super::finetune::FinetuneRecipe;
use crate::Error;
use crate::evaluate::{Best, EpochChoice, Scores, classifier_scores};
use crate::pretrain::{
    PretrainConfig, Pretrained, Progress, RunOptions, load_milestone, milestones, pretrain,
};

/// A training of an encoder and a classifier on it with labels, without augmentation.
pub(super) struct LabelledTraining {
    pub(super) recipe: FinetuneRecipe,
    /// Which of its epochs counts.
    pub(super) epoch: EpochChoice,
    pub(super) seed: u64,
    pub(super) progress: Progress,
}

impl LabelledTraining {
    /// Trains a copy of the encoder on `clips`, in `folder`. Gives the epoch that counts and the scores of the test clips
    /// after it.
    pub(super) fn run(
        &self,
        subject: &Subject,
        clips: &Arc<SkeletonDataset>,
        folder: &Path,
    ) -> Result<(usize, Scores), Error> {
        let test = &subject.data.test;
        match self.epoch {
            EpochChoice::Last => {
                let (training, trained) = self.train(subject, clips, None, folder)?;
                let scores = subject.scores(&trained.method, test)?;
                Ok((training.epochs, scores))
            }
            EpochChoice::BestOnTest => {
                let (_, trained) = self.train(subject, clips, Some(1), folder)?;
                self.best(subject, &trained, test, folder)
            }
            EpochChoice::BestOnValidation => {
                let (kept, held_out) = EpochChoice::hold_out(&known_labels(clips)?, self.seed)?;
                let [kept, held_out] = [kept, held_out].map(|part| Arc::new(clips.select(&part)));
                let [choosing, whole] = ["choosing", "whole"].map(|name| folder.join(name));
                let (_, trained) = self.train(subject, &kept, Some(1), &choosing)?;
                let (epoch, _) = self.best(subject, &trained, &held_out, &choosing)?;
                let (_, trained) = self.train(subject, clips, Some(epoch), &whole)?;
                let chosen = load_milestone(trained.method, &whole, epoch)?;
                Ok((epoch, subject.scores(&chosen, test)?))
            }
        }
    }

    /// The training, which keeps the checkpoint of every `milestone`-th epoch.
    fn train(
        &self,
        subject: &Subject,
        clips: &Arc<SkeletonDataset>,
        milestone: Option<usize>,
        folder: &Path,
    ) -> Result<(PretrainConfig, Pretrained<Classification<AnyEncoder>>), Error> {
        let views = Views::single(Pipeline::none());
        let config = self.recipe.config(views, clips.len(), self.seed);
        let device = subject.device.clone().autodiff();
        let encoder = subject.encoder.clone().train();
        let classifier = config.init(encoder, clips.classes().len(), &device)?;
        let options = RunOptions {
            progress: self.progress,
            milestone,
            ..RunOptions::default()
        };
        let training = config.training;
        let trained = pretrain(
            classifier,
            clips,
            subject.stream,
            &training,
            options,
            folder,
            &device,
        )?;
        Ok((training, trained))
    }

    /// The epoch whose checkpoint in `folder` is best on `clips`, and what it says of them.
    fn best(
        &self,
        subject: &Subject,
        trained: &Pretrained<Classification<AnyEncoder>>,
        clips: &SkeletonDataset,
        folder: &Path,
    ) -> Result<(usize, Scores), Error> {
        let mut best = Best::default();
        for epoch in milestones(folder) {
            let classifier = load_milestone(trained.method.clone(), folder, epoch)?;
            best.see(epoch, subject.scores(&classifier, clips)?);
        }
        Ok(best.found().expect("a training keeps its epochs"))
    }
}

impl Subject<'_> {
    fn scores(
        &self,
        classifier: &Classification<AnyEncoder>,
        clips: &SkeletonDataset,
    ) -> Result<Scores, Error> {
        Ok(classifier_scores(
            classifier,
            clips,
            self.stream,
            self.device,
        )?)
    }
}
